/** @file Each kind of step is found from the numbers alone, says code that does it, and nothing is found where nothing is. */

import { expect, test } from "vitest";
import { type Random, randomFrom } from "../../numerics/random.ts";
import { type Shape, sizeOf, type Tensor } from "../../tensor/tensor.ts";
import { explainInputs } from "./inputs-report.ts";

const [H, W] = [40, 56];
const random = randomFrom(5);

const float = (shape: Shape, value: (i: number) => number): Tensor => ({
  shape,
  dtype: "float32",
  data: Float32Array.from({ length: sizeOf(shape) }, (_, i) => value(i)),
});
const bytes = (shape: Shape, value: (i: number) => number): Tensor => ({
  shape,
  dtype: "uint8",
  data: Uint8Array.from({ length: sizeOf(shape) }, (_, i) => value(i)),
});
const ids = (shape: Shape, value: (i: number) => number): Tensor => ({
  shape,
  dtype: "int32",
  data: Int32Array.from({ length: sizeOf(shape) }, (_, i) => value(i)),
});

/** Waves, an edge and grain; `channels` of them. */
function picture(h: number, w: number, channels: number, source: Random): Tensor {
  const waves = Array.from({ length: 6 }, () => [
    source.normal() * 0.15,
    source.normal() * 0.15,
    source.uniform() * 6,
    source.integer(0, channels),
  ]);
  const edge = source.integer(w / 4, w / 2);
  return bytes([1, h, w, channels], (i) => {
    const c = i % channels;
    const x = Math.floor(i / channels) % w;
    const y = Math.floor(i / (channels * w));
    const sum = waves.reduce(
      (all, [fy = 0, fx = 0, phase = 0, which]) =>
        all + (which === c ? 40 : 15) * Math.cos(fy * y + fx * x + phase),
      0,
    );
    return Math.min(255, Math.max(0, 110 + 20 * c + sum + (x > edge ? 30 : 0) + source.normal() * 4));
  });
}

const photo = picture(H, W, 3, random);
const pixel = (n: number, y: number, x: number, c: number, w = W, h = H): number =>
  (photo.data as Uint8Array)[((n * h + y) * w + x) * 3 + c] ?? 0;
const unit = (tensor: Tensor): Tensor => float(tensor.shape, (i) => Number(tensor.data[i]) / 255);
/** A picture of so many rows and columns whose elements come from `photo`. */
const from = (h: number, w: number, at: (y: number, x: number, c: number) => number): Tensor =>
  bytes([1, h, w, 3], (i) => at(Math.floor(i / (3 * w)), Math.floor(i / 3) % w, i % 3));

const sequences = ids([4, 20], (i) => (i % 20 < 8 + 3 * Math.floor(i / 20) ? 1 + random.integer(0, 900) : 0));
const kept = (row: number): number => 8 + 3 * row;
const frames = float([30, 24], (i) => Math.sin(i / 3) * 2 + random.normal());
const rgba = picture(H, W, 4, random);
const moved = from(H, W, (y, x, c) => (x < 2 ? 0 : pixel(0, y, x - 2, c)));

interface Sample {
  readonly a: Tensor;
  readonly b: Tensor;
  readonly steps: readonly Record<string, unknown>[];
}

const SAMPLES: { readonly [name: string]: Sample } = {
  "affine, by its usual name": {
    a: float(photo.shape, (i) => Number(photo.data[i]) / 127.5 - 1),
    b: photo,
    steps: [{ id: "affine", params: { scale: 1 / 127.5, shift: -1 } }],
  },
  "rescaling done twice": {
    a: unit(photo),
    b: unit(unit(photo)),
    steps: [{ id: "affine", params: { scale: 255, shift: 0 } }],
  },
  "channel order, then the means of caffe": {
    a: float(
      photo.shape,
      (i) => Number(photo.data[i - (i % 3) + 2 - (i % 3)]) - ([103.939, 116.779, 123.68][i % 3] ?? 0),
    ),
    b: photo,
    steps: [
      { id: "channel-order", params: { order: [2, 1, 0] } },
      { id: "affine", params: { scale: 1, shift: [-103.939, -116.779, -123.68] } },
    ],
  },
  layout: {
    a: photo,
    b: bytes([1, 3, H, W], (i) => pixel(0, Math.floor(i / W) % H, i % W, Math.floor(i / (H * W)))),
    steps: [{ id: "layout", params: { from: "NCHW", to: "NHWC" } }],
  },
  cast: {
    a: ids(frames.shape, (i) => Number(frames.data[i])),
    b: frames,
    steps: [{ id: "cast", params: { dtype: "int32", rounding: "truncate" } }],
  },
  "batch order": {
    a: float(frames.shape, (i) => Number(frames.data[((Math.floor(i / 24) * 7 + 3) % 30) * 24 + (i % 24)])),
    b: frames,
    steps: [{ id: "batch-order" }],
  },
  flip: {
    a: from(H, W, (y, x, c) => pixel(0, y, W - 1 - x, c)),
    b: photo,
    steps: [{ id: "flip", params: { along: "width" } }],
  },
  rotate: {
    a: from(W, H, (y, x, c) => pixel(0, x, W - 1 - y, c)),
    b: photo,
    steps: [{ id: "rotate", params: { quarterTurns: 1 } }],
  },
  crop: {
    a: from(24, 32, (y, x, c) => pixel(0, y + 5, x + 11, c)),
    b: photo,
    steps: [{ id: "crop", params: { top: 5, left: 11, height: 24, width: 32 } }],
  },
  "shift by pixels": {
    a: moved,
    b: photo,
    steps: [{ id: "shift-pixels", params: { dy: 0, dx: 2, edge: "zeros" } }],
  },
  resize: {
    a: float([1, H / 2, W / 2, 3], (i) => {
      const [y, x, c] = [Math.floor(i / (3 * (W / 2))), Math.floor(i / 3) % (W / 2), i % 3];
      return pixel(0, 2 * y, 2 * x, c);
    }),
    b: photo,
    steps: [{ id: "resize", params: { method: "nearest", corners: "legacy", antialias: false } }],
  },
  grayscale: {
    a: float(
      [1, H, W, 1],
      (i) =>
        0.299 * pixel(0, Math.floor(i / W), i % W, 0) +
        0.587 * pixel(0, Math.floor(i / W), i % W, 1) +
        0.114 * pixel(0, Math.floor(i / W), i % W, 2),
    ),
    b: photo,
    steps: [{ id: "grayscale", params: { weights: [0.299, 0.587, 0.114] } }],
  },
  alpha: {
    a: bytes([1, H, W, 3], (i) =>
      Math.round(
        (Number(rgba.data[Math.floor(i / 3) * 4 + (i % 3)]) * Number(rgba.data[Math.floor(i / 3) * 4 + 3])) /
          255,
      ),
    ),
    b: rgba,
    steps: [{ id: "alpha", params: { premultiplied: true } }],
  },
  "index offset": {
    a: ids(sequences.shape, (i) => Number(sequences.data[i]) + 3),
    b: sequences,
    steps: [{ id: "index-offset", params: { by: 3 } }],
  },
  "padding side": {
    a: ids(sequences.shape, (i) => {
      const [row, place] = [Math.floor(i / 20), (i % 20) - (20 - kept(Math.floor(i / 20)))];
      return place < 0 ? 0 : Number(sequences.data[row * 20 + place]);
    }),
    b: sequences,
    steps: [{ id: "padding-side", params: { from: "post", to: "pre", value: 0 } }],
  },
  truncate: {
    a: ids([4, 7], (i) => Number(sequences.data[Math.floor(i / 7) * 20 + 13 + (i % 7)])),
    b: sequences,
    steps: [{ id: "truncate", params: { side: "start", length: 7 } }],
  },
  "one-hot": {
    a: float([40, 6], (i) => Number(Math.floor(i / 6) % 6 === i % 6)),
    b: ids([40], (i) => i % 6),
    steps: [{ id: "one-hot", params: { depth: 6 } }],
  },
};

test.each(Object.entries(SAMPLES))("%s is found, at the first place", (_, { a, b, steps }) => {
  const { report } = explainInputs(a, b);
  expect(report).toMatchObject({ equal: false, found: true, direction: "b-to-a" });
  expect(report.steps.map(({ id }) => id)).toEqual(steps.map(({ id }) => id));
  for (const [i, { params = {} }] of steps.entries())
    for (const [name, value] of Object.entries(params as Record<string, unknown>)) {
      const found = report.steps[i]?.params[name];
      if (typeof value !== "number") expect(found).toEqual(value);
      else expect(found).toBeCloseTo(value, 9);
    }
  expect(report.alternatives.length).toBeLessThanOrEqual(3);
});

test("what cannot be turned back is said the other way round", () => {
  const half = SAMPLES["crop"];
  if (half === undefined) throw new Error("no sample");
  const { report } = explainInputs(half.b, half.a);
  expect(report).toMatchObject({ found: true, direction: "a-to-b" });
  expect(report.problems.map(({ code }) => code)).toContain("inputs.other-way");
});

test("equal inputs are equal, in whatever dtype, and have no steps", () => {
  const { report } = explainInputs(
    photo,
    float(photo.shape, (i) => Number(photo.data[i])),
  );
  expect(report).toMatchObject({ equal: true, found: false, steps: [], left: { maxAbs: 0 } });
  expect(report.problems.map(({ code }) => code)).toEqual(["inputs.dtype"]);
});

test("of unrelated inputs nothing is found, nor of two numbers, which some line always fits", () => {
  expect(explainInputs(photo, picture(H, W, 3, randomFrom(99))).report).toMatchObject({
    equal: false,
    found: false,
    steps: [],
  });
  expect(
    explainInputs(
      float([2], (i) => i + 0.3),
      float([2], (i) => 5 * i - 1),
    ).report.found,
  ).toBe(false);
});

test("quantization leaves less than one step, and is said to be left", () => {
  const a = float(photo.shape, (i) => (Number(photo.data[i]) + ((i * 7919) % 100) / 101) / 255);
  const { report } = explainInputs(a, photo);
  expect(report.steps).toMatchObject([{ id: "affine", params: { scale: 1 / 255, shift: 0 } }]);
  expect(report.left?.maxAbs).toBeLessThan(1 / 255);
});

test("the code of a chain is one expression in each language, with the way back", () => {
  const { js, python, undo } = explainInputs(
    float(photo.shape, (i) => Number(photo.data[i - (i % 3) + 2 - (i % 3)]) / 127.5 - 1),
    photo,
  );
  expect(js).toBe("tf.reverse(x, [-1]).div(127.5).sub(1)");
  expect(python).toBe("x[..., ::-1] / 127.5 - 1");
  expect(undo).toBe("(x * 127.5 + 127.5)[..., ::-1]");
});
