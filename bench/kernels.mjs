/**
 * @file How fast the kernels are, as GF/s and as ratios in the same run: SIMD to plain, plain to the triple loop.
 * `node --experimental-strip-types` is not in Node 20: build first (`npm run build`), then `node bench/kernels.mjs`.
 */

import { performance } from "node:perf_hooks";

const { plainKernels, simdKernels } = await import(process.env.VERNIER_KERNELS ?? "../dist/ops/kernels.js");
const { convolutionOf } = await import(process.env.VERNIER_LOWERING ?? "../dist/ops/lowering.js");

const random = (size) => Float64Array.from({ length: size }, () => Math.random() - 0.5);

/** Seconds of the fastest of some runs. */
function fastest(run, runs = 5) {
  let best = Infinity;
  for (let i = 0; i < runs; i++) {
    const start = performance.now();
    run();
    best = Math.min(best, (performance.now() - start) / 1000);
  }
  return best;
}

function naive(x, y, { m, k, n }) {
  const out = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let t = 0; t < k; t++) sum += x[i * k + t] * y[t * n + j];
      out[i * n + j] = sum;
    }
  }
  return out;
}

const simd = simdKernels();
const rounded = (value) => Math.round(value * 100) / 100;
const inGigaflops = ({ simd: fast, plain, naive }) => ({
  "SIMD GF/s": rounded(fast),
  "plain GF/s": rounded(plain),
  "SIMD/plain": rounded(fast / plain),
  ...(naive === undefined ? {} : { "plain/naive": rounded(plain / naive) }),
});
const rows = [];
for (const [m, k, n] of [
  [512, 512, 512],
  [3136, 576, 64],
  [49, 512, 2048],
  [12544, 32, 16],
  [1, 1280, 1000],
]) {
  const x = random(m * k);
  const y = random(k * n);
  const geometry = { m, k, n, xAt: [0], yAt: [0] };
  const gigaflops = (2 * m * k * n) / 1e9;
  const plain = gigaflops / fastest(() => naive(x, y, geometry), 3);
  const packed = gigaflops / fastest(() => plainKernels.matmul(x, y, geometry));
  const fast = gigaflops / fastest(() => simd.matmul(x, y, geometry));
  rows.push({ what: `matmul ${m}x${k}x${n}`, ...inGigaflops({ simd: fast, plain: packed, naive: plain }) });
}

const SAME = { padding: "same", dilation: [1, 1] };
for (const [name, x, kernel, options] of [
  ["ResNet50 conv1 7x7/2", [1, 224, 224, 3], [7, 7, 3, 64], { ...SAME, strides: [2, 2], groups: 1 }],
  ["ResNet50 3x3x256", [1, 14, 14, 256], [3, 3, 256, 256], { ...SAME, strides: [1, 1], groups: 1 }],
  ["MobileNetV2 stem 3x3/2", [1, 224, 224, 3], [3, 3, 3, 32], { ...SAME, strides: [2, 2], groups: 1 }],
  ["MobileNetV2 1x1 96-24", [1, 56, 56, 96], [1, 1, 96, 24], { ...SAME, strides: [1, 1], groups: 1 }],
  ["MobileNetV2 depthwise 144", [1, 56, 56, 144], [3, 3, 1, 144], { ...SAME, strides: [1, 1], groups: 144 }],
]) {
  const geometry = convolutionOf(x, kernel, options);
  const [input, weights] = [x, kernel].map((shape) => random(shape.reduce((a, b) => a * b)));
  const taps = kernel.slice(0, -1).reduce((a, b) => a * b);
  const gigaflops = (2 * geometry.shape.reduce((a, b) => a * b) * taps) / 1e9;
  const [plain, fast] = [plainKernels, simd].map(
    (kernels) => gigaflops / fastest(() => kernels.conv(input, weights, geometry)),
  );
  rows.push({ what: name, ...inGigaflops({ simd: fast, plain }) });
}
console.table(rows);
