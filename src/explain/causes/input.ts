/**
 * @file Cause `input`: the two sides were fed different tensors, and which usual preprocessing turns one into the
 * other: dtype, layout, channel order, scale and shift, rescaling done twice.
 *
 * Each transform is tried on the data themselves: it is named only when it explains every element to within the
 * float32 rounding of what it computes.
 */

import { realFromTensor, type Tensor } from "../../tensor/tensor.ts";
import type { Finding } from "../finding.ts";

export interface InputTransform {
  readonly detail: string;
  /** In words: what side B is fed, against A. */
  readonly words: string;
  readonly hint: string;
}

/** `null` when both hold the same numbers in the same dtype. */
export function inputFinding(name: string, a: Tensor, b: Tensor): Finding | null {
  const found = compareInputs(a, b);
  if (found === null) return null;
  return {
    kind: "input",
    side: "between",
    field: name,
    detail: found.detail,
    valueA: { dtype: a.dtype, shape: a.shape },
    valueB: { dtype: b.dtype, shape: b.shape },
    certainty: found.detail === "values" ? "proved" : "likely",
    message: `input "${name}": ${found.words}`,
    hint: found.hint,
  };
}

export function compareInputs(a: Tensor, b: Tensor): InputTransform | null {
  if (a.dtype === "string" || b.dtype === "string") return a.data === b.data ? null : other();
  const [x, y] = [realFromTensor(a).data, realFromTensor(b).data];
  if (a.shape.join() === b.shape.join()) {
    if (y.every((value, i) => value === x[i])) return a.dtype === b.dtype ? null : dtypeOnly(a, b);
    if (isFloat(a) && y.every((value, i) => value === Math.trunc(x[i] ?? 0))) return truncated(b);
    if (y.every((value, i) => value === Math.fround(x[i] ?? 0))) return dtypeOnly(a, b);
    const order = channelOrder(a, x, y);
    if (order !== null) return order;
    const affine = scaleAndShift(x, y);
    if (affine !== null) return affine;
    const both = reversedChannels(a, x);
    const composed = both === null ? null : scaleAndShift(both, y);
    if (composed !== null)
      return {
        ...composed,
        words: `${composed.words}, and its channels are in reverse order (B, G, R)`,
        detail: `channel-order+${composed.detail}`,
      };
  }
  return layout(a, b, x, y) ?? other();
}

const isFloat = (tensor: Tensor): boolean => tensor.dtype.includes("float");

const other = (): InputTransform => ({
  detail: "values",
  words: "the two sides are fed different numbers",
  hint: "feed both sides the same tensor, then compare again",
});

const dtypeOnly = (a: Tensor, b: Tensor): InputTransform => ({
  detail: "dtype",
  words: `the same numbers as ${a.dtype} on one side and ${b.dtype} on the other`,
  hint: `make both ${a.dtype} before predict`,
});

const truncated = (b: Tensor): InputTransform => ({
  detail: "dtype",
  words: `side B's values were cut to whole numbers (${b.dtype})`,
  hint: "keep the input in float32 until it is fed",
});

function reversedChannels({ shape }: Tensor, x: Float64Array): Float64Array | null {
  const channels = shape.at(-1) ?? 0;
  if (shape.length < 3 || channels !== 3) return null;
  return x.map((_, i) => x[i - (i % 3) + (2 - (i % 3))] ?? 0);
}

function channelOrder(a: Tensor, x: Float64Array, y: Float64Array): InputTransform | null {
  const reversed = reversedChannels(a, x);
  if (reversed === null || !y.every((value, i) => value === reversed[i])) return null;
  return {
    detail: "channel-order",
    words: "the channels are in reverse order (R, G, B against B, G, R)",
    hint: "reverse the last axis on one side: tf.reverse(x, [-1]) or x[..., ::-1]",
  };
}

/** y = scale·x + shift for every element, fitted on the extremes and rounded as float32 code would round it. */
function scaleAndShift(x: Float64Array, y: Float64Array): InputTransform | null {
  let [low, high] = [0, 0];
  for (let i = 1; i < x.length; i++) {
    if ((x[i] ?? 0) < (x[low] ?? 0)) low = i;
    if ((x[i] ?? 0) > (x[high] ?? 0)) high = i;
  }
  const span = (x[high] ?? 0) - (x[low] ?? 0);
  if (x.length < 3 || span === 0) return null;
  const scale = ((y[high] ?? 0) - (y[low] ?? 0)) / span;
  const shift = (y[low] ?? 0) - scale * (x[low] ?? 0);
  if (!Number.isFinite(scale) || scale === 0) return null;
  const largest = Math.max(
    Math.abs(scale * (x[high] ?? 0)),
    Math.abs(scale * (x[low] ?? 0)),
    Math.abs(shift),
  );
  // One product, one sum and the two values that fitted the line, each rounded to float32.
  const rounding = 6 * 2 ** -24 * largest;
  if (!y.every((value, i) => Math.abs(value - (scale * (x[i] ?? 0) + shift)) <= rounding)) return null;
  return namedScale(scale, shift, rounding);
}

const near = (x: number, y: number): boolean => Math.abs(x - y) <= 2 ** -16 * Math.abs(y);

function namedScale(scale: number, shift: number, rounding: number): InputTransform {
  const noShift = Math.abs(shift) <= rounding;
  const say = (x: number): string => String(Number(x.toPrecision(6)));
  if (noShift && near(scale, 255)) {
    return {
      detail: "scale",
      words: "side B is fed 0…255 where side A is fed 0…1",
      hint: "divide by 255 on side B before predict: x.div(255)",
    };
  }
  if (noShift && near(scale, 1 / 255)) {
    return {
      detail: "double-rescaling",
      words: "side B's values are divided by 255 once more than side A's",
      hint: "rescale once: drop the division by 255 on side B, or the model's own Rescaling layer",
    };
  }
  return {
    detail: "scale-shift",
    words: `side B's values are side A's times ${say(scale)}${noShift ? "" : ` plus ${say(shift)}`}`,
    hint: `undo it on side B: x.sub(${say(noShift ? 0 : shift)}).div(${say(scale)})`,
  };
}

/** NCHW against NHWC. */
function layout(a: Tensor, b: Tensor, x: Float64Array, y: Float64Array): InputTransform | null {
  if (a.shape.length !== 4 || x.length !== y.length) return null;
  const [n = 0, h = 0, w = 0, c = 0] = a.shape;
  const moved = new Float64Array(x.length);
  for (let i = 0; i < x.length; i++) {
    const channel = i % c;
    const pixel = Math.floor(i / c) % (h * w);
    const image = Math.floor(i / (c * h * w));
    moved[(image * c + channel) * h * w + pixel] = x[i] ?? 0;
  }
  if (n === 0 || !y.every((value, i) => value === moved[i])) return null;
  return {
    detail: "layout",
    words: `side B is laid out channels first (NCHW) [${b.shape.join(", ")}], side A channels last (NHWC)`,
    hint: "transpose on side B: x.transpose([0, 2, 3, 1])",
  };
}
