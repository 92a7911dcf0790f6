/**
 * @file What `function-errors.mjs` measures, on a TF.js that is handed in: in Node or in a page.
 *
 * `keepsSubnormals`: are subnormal operands tried? A GPU may take them for zero, which its arithmetic says.
 */

import { erf } from "../dist/numerics/erf.js";

const UNIT = 2 ** -23;
const LARGEST = 3.4028234663852886e38;
const SMALLEST_NORMAL = 2 ** -126;
/** Kernels that lose all relative accuracy somewhere are described by 1 ulp and an absolute error, the others by ulps. */
const RELATIVE_UP_TO = 8;
const LOSING = ["elu", "selu", "log1p", "erf"];
/** The same of a GPU, whose exp(x) errs by ulps that grow with |x|: by how many ulps an error is not yet absolute. */
const ON_GPU = { expm1: 2, elu: 2, selu: 2, log: 3, log1p: 3, tanh: 4.5, sigmoid: 4, erf: 2, softplus: 5 };

const NEAR = [
  0.1, 0.22, 0.25, 0.34657, 0.4, 0.5, 0.55, 0.625, 0.6931472, 0.84375, 1, 1.0397208, 1.25, 2, 2.857, 4, 5,
  7.9, 9, 9.01, 10, 13.942385, 15.9424, 16.635532, 17.32868, 18, 20, 22, 27, 44, 87.33654, 88.02969, 88.37626,
  88.72284, 89, 103.97208, 104,
];

function* inputs(stride, keepsSubnormals) {
  const bits = new Uint32Array(1 << 16);
  let n = 0;
  const add = (pattern) => {
    bits[n++] = pattern;
    return n === bits.length;
  };
  const take = () => {
    const out = new Float32Array(bits.slice(0, n).buffer);
    n = 0;
    return out;
  };
  const least = keepsSubnormals ? 0 : 0x00800000;
  for (const sign of [0, 0x80000000]) {
    for (let p = least; p < 0x7f800000; p += stride) if (add((p | sign) >>> 0)) yield take();
    for (const near of NEAR) {
      const center = new Uint32Array(new Float32Array([near]).buffer)[0];
      for (let d = -2048; d <= 2048; d++) if (add(((center + d) | sign) >>> 0)) yield take();
    }
  }
  if (n > 0) yield take();
}

const sigmoid = (x) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));
const SELU = 1.758099340847377; // scale · alpha of Keras
const SELU_SCALE = 1.0507009873554805;

/** [entry in Arithmetic.functions, kernel, how to run it, exact, which x] */
const functionsOf = (tf) => [
  ["exp", "exp", (x) => tf.exp(x), Math.exp, () => true],
  [
    "exp",
    "softmax of [x, 0]",
    (x) => tf.slice(tf.softmax(tf.stack([x, tf.zerosLike(x)], 1)), [0, 0], [-1, 1]),
    sigmoid,
    (x) => x <= 0,
  ],
  ["expm1", "expm1", (x) => tf.expm1(x), Math.expm1, () => true],
  ["expm1", "elu", (x) => tf.elu(x), (x) => (x > 0 ? x : Math.expm1(x)), () => true],
  ["expm1", "selu", (x) => tf.selu(x), (x) => (x > 0 ? SELU_SCALE * x : SELU * Math.expm1(x)), () => true],
  ["log", "log", (x) => tf.log(x), Math.log, (x) => x > 0],
  ["log1p", "log1p", (x) => tf.log1p(x), Math.log1p, (x) => x > -1],
  ["tanh", "tanh", (x) => tf.tanh(x), Math.tanh, () => true],
  ["sigmoid", "sigmoid", (x) => tf.sigmoid(x), sigmoid, () => true],
  ["erf", "erf", (x) => tf.erf(x), erf, () => true],
  ["sqrt", "sqrt", (x) => tf.sqrt(x), Math.sqrt, (x) => x >= 0],
  ["rsqrt", "rsqrt", (x) => tf.rsqrt(x), (x) => 1 / Math.sqrt(x), (x) => x > 0],
  [
    "softplus",
    "softplus",
    (x) => tf.softplus(x),
    (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
    () => true,
  ],
  ...[2, 3, 0.5, -0.5, 1 / 3, -1, 7.25, 0.001].map((power) => {
    const y = Math.fround(power);
    return [
      "pow",
      `pow(x, ${power.toFixed(3)})`,
      (x) => tf.pow(x, tf.scalar(y)),
      (x) => x ** y,
      (x) => x > 0,
    ];
  }),
];

function tally(stats, xs, ys, exact, isInDomain) {
  for (let i = 0; i < xs.length; i++) {
    const x = xs[i];
    if (!isInDomain(x)) continue;
    const want = exact(x);
    if (!(Math.abs(want) <= LARGEST)) continue;
    stats.points++;
    const error = Math.abs(ys[i] - want);
    if (!Number.isFinite(error)) {
      // Close below the largest number a result may overflow; anything else is a fault to look at.
      if (Math.abs(want) < LARGEST * (1 - 2 ** -20)) stats.notFinite = [x, ys[i], want];
      continue;
    }
    if (error === 0) continue;
    const ulps = error / (UNIT * Math.abs(want));
    if (ulps <= stats.relativeUpTo && Math.abs(want) >= SMALLEST_NORMAL) {
      if (ulps > stats.ulps) [stats.ulps, stats.ulpsAt] = [ulps, x];
    } else if (error > stats.absolute) [stats.absolute, stats.absoluteAt] = [error, x];
    if (Math.abs(want) >= SMALLEST_NORMAL && ys[i] === 0) stats.lost = Math.max(stats.lost, Math.abs(want));
  }
}

async function measure(tf, [entry, name, run, exact, isInDomain], stride, keepsSubnormals) {
  const relativeUpTo = keepsSubnormals
    ? LOSING.includes(name)
      ? 1
      : RELATIVE_UP_TO
    : (ON_GPU[name] ?? 1000);
  const stats = {
    entry,
    name,
    relativeUpTo,
    points: 0,
    ulps: 0,
    ulpsAt: 0,
    absolute: 0,
    absoluteAt: 0,
    lost: 0,
    notFinite: null,
  };
  const runOn = (xs) => read(tf.tidy(() => run(tf.tensor1d(xs))));
  let chunks = 0;
  for (const xs of inputs(stride, keepsSubnormals)) {
    tally(stats, xs, await runOn(xs), exact, isInDomain);
    // The last few elements of a vector loop may take another path.
    const few = xs.subarray(chunks % 97, (chunks % 97) + 1 + (chunks % 7));
    tally(stats, few, await runOn(few.slice()), exact, isInDomain);
    chunks++;
  }
  return stats;
}

/** WebGPU hands values out later only. */
async function read(tensor) {
  const values = (await tensor.data()).slice();
  tensor.dispose();
  return values;
}

/** What the standard model says nothing about, found out by experiment. */
async function probes(tf) {
  const one = async (f) => (await read(tf.tidy(f)))[0];
  const t = (...xs) => tf.tensor1d(xs);
  const flush = {
    "product 1e-30·1e-12": await one(() => tf.mul(t(1e-30), t(1e-12))),
    "sum of subnormals 3e-39 + 4e-39": await one(() => tf.add(t(3e-39), t(4e-39))),
    "exp(-95)": await one(() => tf.exp(t(-95))),
    "relu of subnormal 3e-39": await one(() => tf.relu(t(3e-39))),
    "matmul 1e-30·1e-12": await one(() => tf.matMul(tf.tensor2d([[1e-30]]), tf.tensor2d([[1e-12]]))),
    "sigmoid(-95)": await one(() => tf.sigmoid(t(-95))),
    "softmax [-95, 0]": await one(() => tf.softmax(t(-95, 0))),
    "conv2d 1e-30·1e-12": await one(() =>
      tf.conv2d(tf.fill([1, 1, 1, 1], 1e-30), tf.fill([1, 1, 1, 1], 1e-12), 1, "valid"),
    ),
  };
  const correctly = { division: 0, "mean of 3": 0, "average pool 3×1": 0, "average pool 3×1, same": 0 };
  const trials = 20000;
  let seed = 1;
  const random = () => Math.fround((seed = (seed * 48271) % 2147483647) / 2147483647 + 0.5);
  const xs = Float32Array.from({ length: trials * 3 }, random);
  const off = (ys, want) => ys.reduce((count, y, i) => count + (y === Math.fround(want(i)) ? 0 : 1), 0);
  const sumOf3 = (i) => Math.fround(Math.fround(xs[3 * i] + xs[3 * i + 1]) + xs[3 * i + 2]);
  const [a, b] = [xs.subarray(0, trials), xs.subarray(trials, 2 * trials)];
  const quotients = tf.tidy(() => tf.div(tf.tensor1d(a.slice()), tf.tensor1d(b.slice())));
  const divided = await read(quotients);
  correctly.division = off(divided, (i) => a[i] / b[i]);
  const worst = (ys, want) =>
    ys.reduce((most, y, i) => Math.max(most, Math.abs(y - want(i)) / (UNIT * Math.abs(want(i)))), 0);
  const onRows = (f) => read(tf.tidy(() => f(tf.tensor2d(xs, [trials, 3]))));
  const pool = (size, pad) =>
    onRows((rows) => tf.avgPool(tf.reshape(rows, [trials, 3, 1, 1]), [size, 1], [size, 1], pad));
  correctly["mean of 3"] = off(await onRows((rows) => tf.mean(rows, 1)), (i) => sumOf3(i) / 3);
  correctly["average pool 3×1"] = off(await pool(3, "valid"), (i) => sumOf3(i) / 3);
  correctly["average pool 3×1, same"] = off(await pool(5, "same"), (i) => sumOf3(i) / 3);
  const ulps = {
    division: worst(divided, (i) => a[i] / b[i]),
    product: worst(
      await read(tf.tidy(() => tf.mul(tf.tensor1d(a.slice()), tf.tensor1d(b.slice())))),
      (i) => a[i] * b[i],
    ),
    sum: worst(
      await read(tf.tidy(() => tf.add(tf.tensor1d(a.slice()), tf.tensor1d(b.slice())))),
      (i) => a[i] + b[i],
    ),
  };
  return { flush, correctly, trials, ulps };
}

const round = (x) => (x === 0 ? "0" : x.toPrecision(3));

/** Hands the report of the backend that is set to `print`, line by line. */
export async function report(tf, title, stride, keepsSubnormals, print) {
  print(
    `\n### ${title}\n\n| function | kernel | points | ulps | at | absolute | at |\n|---|---|---|---|---|---|---|`,
  );
  for (const spec of functionsOf(tf)) {
    const s = await measure(tf, spec, stride, keepsSubnormals);
    print(
      `| ${s.entry} | ${s.name} | ${s.points} | ${round(s.ulps)} | ${round(s.ulpsAt)} | ${round(s.absolute)} | ${round(s.absoluteAt)} |`,
    );
    if (s.notFinite !== null) print(`not finite: ${s.notFinite}`);
    if (s.lost > 0) print(`<!-- ${s.name}: normal results up to ${s.lost.toExponential(3)} became 0 -->`);
  }
  print(JSON.stringify(await probes(tf), null, 1));
}
