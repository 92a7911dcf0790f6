/**
 * @file Made-up pairs of inputs for `inputs-bench.mjs`: pictures, audio frames, token sequences and tables, with the
 * steps that make A of B; and pairs of which nothing is to be found.
 *
 * Longer than 300 lines because all kinds of made-up cases are read side by side.
 */

import { randomFrom } from "../dist/numerics/random.js";

const sizeOf = (shape) => shape.reduce((n, extent) => n * extent, 1);
const float = (shape, value) => ({
  shape,
  dtype: "float32",
  data: Float32Array.from({ length: sizeOf(shape) }, (_, i) => value(i)),
});
const whole = (shape, value, dtype = "int32") => {
  const Type = dtype === "uint8" ? Uint8Array : Int32Array;
  return { shape, dtype, data: Type.from({ length: sizeOf(shape) }, (_, i) => value(i)) };
};
const mapped = ({ shape, data }, to) => float(shape, (i) => to(data[i], i));

/** Soft gradients, shapes with edges, fine texture; uint8 [1, h, w, 3]. */
export function picture(random, h, w, n = 1) {
  const shape = [n, h, w, 3];
  const data = new Uint8Array(sizeOf(shape));
  for (let k = 0; k < n; k++) {
    const waves = Array.from({ length: 8 }, () => [
      random.normal() * 0.08,
      random.normal() * 0.08,
      random.uniform() * 6,
      random.normal() * 25,
      random.normal() * 18,
      random.normal() * 18,
    ]);
    const discs = Array.from({ length: 8 }, () => [
      random.uniform() * h,
      random.uniform() * w,
      4 + random.uniform() * (h / 3),
      4 + random.uniform() * (w / 3),
      random.uniform() * 255,
      random.uniform() * 255,
      random.uniform() * 255,
    ]);
    for (let y = 0; y < h; y++)
      for (let x = 0; x < w; x++) {
        const grain = random.normal() * 4;
        for (let c = 0; c < 3; c++) {
          let value = 115 + 9 * c;
          for (const wave of waves) value += wave[3 + c] * Math.cos(wave[0] * y + wave[1] * x + wave[2]);
          for (const disc of discs)
            if (((y - disc[0]) / disc[2]) ** 2 + ((x - disc[1]) / disc[3]) ** 2 < 1)
              value = 0.3 * value + 0.7 * disc[4 + c];
          data[((k * h + y) * w + x) * 3 + c] = Math.min(
            255,
            Math.max(0, Math.round(value + grain + random.normal() * 2)),
          );
        }
      }
  }
  return { shape, dtype: "uint8", data };
}

/** Log-mel-like frames [frames, bands]: smooth in time, falling with frequency. */
export function audio(random, frames = 98, bands = 40) {
  let level = Float64Array.from({ length: bands }, () => random.normal());
  const rows = Array.from({ length: frames }, () => {
    level = level.map((x) => 0.85 * x + 0.5 * random.normal());
    return level;
  });
  return float(
    [1, frames, bands],
    (i) => -4 - 0.1 * (i % bands) + 2 * rows[Math.floor(i / bands)][i % bands],
  );
}

/** Padded sequences of word ids, common ones more often. */
export function tokens(random, rows = 6, length = 40, words = 8000) {
  const lengths = Array.from({ length: rows }, () => random.integer(Math.floor(length / 3), length - 1));
  return whole([rows, length], (i) =>
    i % length < lengths[Math.floor(i / length)] ? 1 + Math.floor(words * random.uniform() ** 3) : 0,
  );
}

/** Columns of different sizes and spreads. */
export function table(random, rows = 60, columns = 8) {
  const kinds = Array.from({ length: columns }, () => [random.normal() * 50, Math.exp(random.normal() * 2)]);
  return float([rows, columns], (i) => kinds[i % columns][0] + kinds[i % columns][1] * random.normal());
}

const step = (id, params = {}) => ({ id, params });
const affine = (scale, shift) => step("affine", { scale, shift });
const IMAGENET = { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] };

/** What A is made of raw pixels by, and the step from raw pixels to it. */
const PIXELS = {
  unit: [(v) => v / 255, affine(1 / 255, 0)],
  tf: [(v) => v / 127.5 - 1, affine(1 / 127.5, -1)],
  torch: [
    (v, c) => (v / 255 - IMAGENET.mean[c]) / IMAGENET.deviation[c],
    affine(
      IMAGENET.deviation.map((d) => 1 / (255 * d)),
      IMAGENET.mean.map((m, c) => -m / IMAGENET.deviation[c]),
    ),
  ],
  caffe: [(v, c) => v - [103.939, 116.779, 123.68][c], affine(1, [-103.939, -116.779, -123.68])],
  odd: [(v) => v * 0.0137 - 0.62, affine(0.0137, -0.62)],
  perChannel: [
    (v, c) => v * [0.011, 0.013, 0.0091][c] - [0.3, 0.5, 0.9][c],
    affine([0.011, 0.013, 0.0091], [-0.3, -0.5, -0.9]),
  ],
};

/** Elements of B in another arrangement: `at(n, y, x, c)` gives the place in B. */
function arranged({ shape: [, h, w, ch], data, dtype }, [n, H, W, C], at) {
  const value = (i) => {
    const c = i % C;
    const x = Math.floor(i / C) % W;
    const y = Math.floor(i / (C * W)) % H;
    const place = at(Math.floor(i / (C * W * H)), y, x, c);
    return place === null ? 0 : data[((place[0] * h + place[1]) * w + place[2]) * ch + place[3]];
  };
  const shape = [n, H, W, C];
  return dtype === "uint8" ? whole(shape, value, "uint8") : float(shape, value);
}

const GEOMETRY = {
  none: (b) => [b, []],
  bgr: (b) => [
    arranged(b, b.shape, (n, y, x, c) => [n, y, x, 2 - c]),
    [step("channel-order", { order: [2, 1, 0] })],
  ],
  rotated: (b) => {
    const [n, h, w, c] = b.shape;
    return [
      arranged(b, [n, w, h, c], (k, y, x, z) => [k, x, w - 1 - y, z]),
      [step("rotate", { quarterTurns: 1 })],
    ];
  },
  flipped: (b) => [
    arranged(b, b.shape, (n, y, x, c) => [n, y, b.shape[2] - 1 - x, c]),
    [step("flip", { along: "width" })],
  ],
  upsideDown: (b) => [
    arranged(b, b.shape, (n, y, x, c) => [n, b.shape[1] - 1 - y, x, c]),
    [step("flip", { along: "height" })],
  ],
  cropped: (b, random) => {
    const [n, h, w, c] = b.shape;
    const [top, left] = [random.integer(0, h - 63), random.integer(0, w - 63)];
    return [
      arranged(b, [n, 64, 64, c], (k, y, x, z) => [k, y + top, x + left, z]),
      [step("crop", { top, left })],
    ];
  },
  shifted: (b, random) => {
    const [, h, w] = b.shape;
    const [dy, dx] = [random.integer(-3, 4), random.integer(1, 4)];
    const inside = (v, size) => v >= 0 && v < size;
    return [
      arranged(b, b.shape, (n, y, x, c) =>
        inside(y - dy, h) && inside(x - dx, w) ? [n, y - dy, x - dx, c] : null,
      ),
      [step("shift-pixels", { dy, dx })],
    ];
  },
};

const toNCHW = ({ shape: [n, h, w, c], data, dtype }) => {
  const value = (i) =>
    data[
      ((Math.floor(i / (c * h * w)) * h + (Math.floor(i / w) % h)) * w + (i % w)) * c +
        (Math.floor(i / (h * w)) % c)
    ];
  return dtype === "uint8" ? whole([n, c, h, w], value, "uint8") : float([n, c, h, w], value);
};

function* pictureCases(random) {
  for (const [geometry, move] of Object.entries(GEOMETRY))
    for (const [name, [to, said]] of Object.entries(PIXELS)) {
      const b = picture(random, 90, 112);
      const [moved, steps] = move(b, random);
      yield {
        name: `${geometry} ${name}`,
        a: mapped(moved, (v, i) => to(v, i % 3)),
        b,
        steps: [...steps, said],
      };
      if (geometry !== "none" && name === "unit") yield { name: geometry, a: moved, b, steps };
      // The page feeds floats already.
      if (name === "tf")
        yield {
          name: `${geometry} unit to tf`,
          a: mapped(moved, (v) => v / 127.5 - 1),
          b: mapped(b, (v) => v / 255),
          steps: [...steps, affine(2, -1)],
        };
      if (name === "caffe")
        yield {
          name: `NCHW ${geometry} ${name}`,
          a: mapped(moved, (v, i) => to(v, i % 3)),
          b: toNCHW(b),
          steps: [step("layout", { to: "NHWC" }), ...steps, said],
        };
      // Printed with six digits by JSON, and truncated to bytes.
      if (name === "odd")
        yield {
          name: `${geometry} cast`,
          a: whole(moved.shape, (i) => moved.data[i] * 0.81 + 3.3, "uint8"),
          b,
          steps: [...steps, affine(0.81, 3.3), step("cast", { rounding: "truncate" })],
        };
    }
  for (let k = 0; k < 12; k++) {
    const b = picture(random, 64, 80);
    const unit = mapped(b, (v) => v / 255);
    yield { name: `rescaled twice ${k}`, a: unit, b: mapped(unit, (v) => v / 255), steps: [affine(255, 0)] };
    yield {
      name: `not rescaled ${k}`,
      a: mapped(b, (v) => v / 127.5 - 1),
      b,
      steps: [affine(1 / 127.5, -1)],
    };
    yield {
      name: `quantized ${k}`,
      a: mapped(b, (v, i) => (v + 0.9 * (((i * 7919) % 100) / 100)) / 256),
      b,
      steps: [affine(1 / 256, 0)],
      scaleWithin: 0.005,
    };
    const many = picture(random, 32, 32, 6);
    const order = [3, 0, 5, 1, 4, 2];
    yield {
      name: `batch ${k}`,
      a: mapped(
        arranged(many, many.shape, (n, y, x, c) => [order[n], y, x, c]),
        (v) => v / 255,
      ),
      b: many,
      steps: [step("batch-order", { order }), affine(1 / 255, 0)],
    };
    yield {
      name: `noise ${k}`,
      a: mapped(b, (v) => v / 255 + random.normal() * 0.004),
      b,
      steps: [affine(1 / 255, 0)],
      scaleWithin: 0.005,
    };
  }
}

function* audioCases(random) {
  for (let k = 0; k < 12; k++) {
    const b = audio(random);
    const [, frames, bands] = b.shape;
    yield {
      name: `audio scale ${k}`,
      a: mapped(b, (v) => v * 4.3429448 + 80),
      b,
      steps: [affine(4.3429448, 80)],
    };
    const [means, deviations] = [
      Array.from({ length: bands }, () => random.normal()),
      Array.from({ length: bands }, () => 1 + random.uniform()),
    ];
    yield {
      name: `audio normalized ${k}`,
      a: mapped(b, (v, i) => (v - means[i % bands]) / deviations[i % bands]),
      b,
      steps: [step("affine")],
    };
    yield {
      name: `audio noise ${k}`,
      a: mapped(b, (v) => v * 2 + 1 + random.normal() * 0.02),
      b,
      steps: [affine(2, 1)],
      scaleWithin: 0.01,
    };
    yield {
      name: `audio half ${k}`,
      a: { ...b, dtype: "float16", data: Float32Array.from(b.data, half) },
      b,
      steps: [step("cast", { dtype: "float16" })],
    };
    const length = frames - 10;
    yield {
      name: `audio truncated ${k}`,
      a: float([1, length, bands], (i) => b.data[i + 10 * bands]),
      b,
      steps: [[step("truncate", { side: "start" })], [step("crop", { top: 10 })]],
    };
  }
}

const half = (x) => {
  const exponent = Math.max(-14, Math.floor(Math.log2(Math.abs(x))));
  const unit = 2 ** (exponent - 10);
  const quotient = x / unit;
  const down = Math.floor(quotient);
  const rest = quotient - down;
  return (rest > 0.5 || (rest === 0.5 && down % 2 !== 0) ? down + 1 : down) * unit;
};

function* tokenCases(random) {
  for (let k = 0; k < 12; k++) {
    const b = tokens(random);
    const [rows, length] = b.shape;
    const by = random.integer(1, 5);
    yield {
      name: `ids ${k}`,
      a: whole(b.shape, (i) => b.data[i] + by),
      b,
      steps: [step("index-offset", { by })],
    };
    yield {
      name: `ids kept ${k}`,
      a: whole(b.shape, (i) => (b.data[i] === 0 ? 0 : b.data[i] + by)),
      b,
      steps: [step("index-offset", { by })],
    };
    const counts = Array.from(
      { length: rows },
      (_, row) => b.data.slice(row * length, (row + 1) * length).findLastIndex((v) => v !== 0) + 1,
    );
    const pre = (i) => {
      const place = (i % length) - (length - counts[Math.floor(i / length)]);
      return place < 0 ? 0 : b.data[Math.floor(i / length) * length + place];
    };
    yield {
      name: `padding ${k}`,
      a: whole(b.shape, pre),
      b,
      steps: [step("padding-side", { from: "post", to: "pre" })],
    };
    yield {
      name: `padding and ids ${k}`,
      a: whole(b.shape, (i) => (pre(i) === 0 ? 0 : pre(i) + by)),
      b,
      steps: [step("padding-side", { to: "pre" }), step("index-offset", { by })],
    };
    yield {
      name: `truncated ${k}`,
      a: whole([rows, 12], (i) => b.data[Math.floor(i / 12) * length + (i % 12)]),
      b,
      steps: [step("truncate", { side: "end", length: 12 })],
    };
    const few = tokens(random, 3, 10, 12);
    yield {
      name: `one-hot ${k}`,
      a: float([3, 10, 13], (i) => Number(few.data[Math.floor(i / 13)] === i % 13)),
      b: few,
      steps: [step("one-hot", { depth: 13 })],
    };
  }
}

function* tableCases(random) {
  for (let k = 0; k < 12; k++) {
    const b = table(random);
    const [rows, columns] = b.shape;
    const [means, deviations] = [
      Array.from({ length: columns }, () => random.normal() * 30),
      Array.from({ length: columns }, () => 0.5 + 3 * random.uniform()),
    ];
    yield {
      name: `table standardized ${k}`,
      a: mapped(b, (v, i) => (v - means[i % columns]) / deviations[i % columns]),
      b,
      steps: [step("affine")],
    };
    yield {
      name: `table cast ${k}`,
      a: whole(b.shape, (i) => b.data[i]),
      b,
      steps: [step("cast", { rounding: "truncate" })],
    };
    const order = Array.from({ length: rows }, (_, i) => (i * 7 + 3) % rows);
    yield {
      name: `table rows ${k}`,
      a: float(b.shape, (i) => b.data[order[Math.floor(i / columns)] * columns + (i % columns)]),
      b,
      steps: [step("batch-order", { order })],
    };
  }
}

/** Nothing is to be found: equal, unrelated, or A's own noise. */
export function* nothing(random, count) {
  for (let k = 0; k < count; k++) {
    const kind = k % 10;
    const image = () => picture(random, 64, 72);
    const unit = () => mapped(image(), (v) => v / 255);
    const a =
      kind < 3
        ? image()
        : kind < 5
          ? audio(random)
          : kind < 7
            ? tokens(random)
            : kind < 9
              ? table(random)
              : unit();
    const equal = k % 4 === 0;
    const b = equal
      ? { ...a, data: a.data.slice() }
      : kind < 2
        ? image()
        : kind === 2
          ? mapped(picture(random, 90, 90), (v) => v / 127.5 - 1)
          : kind < 5
            ? audio(random)
            : kind < 7
              ? tokens(random, 6, k % 2 ? 40 : 60)
              : kind < 9
                ? table(random)
                : image();
    yield { name: `${equal ? "equal" : "unrelated"} ${k}`, a, b, equal };
  }
}

/** In the order of kinds, or `sample` of each kind. */
export function madeCases(seed) {
  const random = randomFrom(seed);
  return [...pictureCases(random), ...audioCases(random), ...tokenCases(random), ...tableCases(random)];
}
