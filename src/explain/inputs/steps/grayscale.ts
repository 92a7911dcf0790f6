/** @file R, G, B made one grey: by the weights of BT.601 or BT.709, the mean, or weights that the numbers say. */

import { BITS_PER_PARAMETER, choiceBits } from "../bits.ts";
import { leastSquares } from "../least-squares.ts";
import { offsetOf, type Picture, pictureOf, placeOf, shapeOf } from "../picture.ts";
import type { Arrangement, ArrangementKind } from "../step.ts";

const BT601 = [0.299, 0.587, 0.114];
const BT709 = [0.2126, 0.7152, 0.0722];
/** TensorFlow writes BT.601's first weight with four digits (`rgb_to_grayscale`). */
const TENSORFLOW = [0.2989, 0.587, 0.114];
const MEAN = [1 / 3, 1 / 3, 1 / 3];
const USUAL = [
  BT601,
  TENSORFLOW,
  BT709,
  MEAN,
  BT601.toReversed(),
  TENSORFLOW.toReversed(),
  BT709.toReversed(),
];

export const grayscale: ArrangementKind = {
  id: "grayscale",
  order: 3,
  propose(from, to) {
    const [source, target] = [pictureOf(from.shape), pictureOf(to.shape)];
    if (source === null || target === null || source.c !== 3) return [];
    // Grey may be fed as three channels that are alike.
    if (target.c === 3 && !isGrey(to.read, target)) return [];
    if (target.c !== 1 && target.c !== 3) return [];
    const layout = { hasChannels: target.hasChannels, c: target.c, hasBatch: source.hasBatch };
    const result = { ...source, ...layout };
    const fitted =
      source.h === target.h && source.w === target.w && source.n === target.n
        ? fit(from.read, source, to.read, target)
        : null;
    return [
      ...USUAL.map((weights) => grey(source, result, weights, choiceBits(USUAL.length))),
      ...(fitted === null ? [] : [grey(source, result, fitted, 3 * BITS_PER_PARAMETER)]),
    ];
  },
};

function grey(source: Picture, target: Picture, weights: readonly number[], bits: number): Arrangement {
  const [r = 0, g = 0, b = 0] = weights;
  const list = `[${weights.map((x) => Number(x.toPrecision(6))).join(", ")}]`;
  const axis = source.layout === "NHWC" ? -1 : -3;
  const keeps = target.hasChannels;
  const shaped = source.layout === "NHWC" ? `tf.tensor(${list})` : `tf.tensor(${list}, [3, 1, 1])`;
  const js = (x: string): string => `tf.sum(tf.mul(${x}, ${shaped}), ${axis}, ${keeps})`;
  const array = source.layout === "NHWC" ? `np.array(${list})` : `np.array(${list}).reshape(3, 1, 1)`;
  const python = (x: string): string =>
    `np.sum(${x} * ${array}, axis=${axis}, keepdims=${keeps ? "True" : "False"})`;
  return {
    id: "grayscale",
    params: { weights },
    bits,
    shape: shapeOf(target),
    mixes: true,
    reader: (read) => (at) => {
      const { n, y, x } = placeOf(target, at);
      return (
        r * read(offsetOf(source, n, y, x, 0)) +
        g * read(offsetOf(source, n, y, x, 1)) +
        b * read(offsetOf(source, n, y, x, 2))
      );
    },
    js: (x) => (target.c === 3 ? `tf.concat([1, 2, 3].map(() => ${js(x)}), ${axis})` : js(x)),
    python: (x) => (target.c === 3 ? `np.repeat(${python(x)}, 3, axis=${axis})` : python(x)),
    undo: null,
  };
}

const LOOKED_AT = 64;

function isGrey(read: (at: number) => number, picture: Picture): boolean {
  return spread(picture).every(({ n, y, x }) => {
    const value = read(offsetOf(picture, n, y, x, 0));
    return [1, 2].every((c) => read(offsetOf(picture, n, y, x, c)) === value);
  });
}

/** The weights by least squares with a shift; as shares of their sum, since a scale may follow. */
function fit(
  readX: (at: number) => number,
  source: Picture,
  readY: (at: number) => number,
  target: Picture,
): number[] | null {
  const rows = spread(source).map(({ n, y, x }) => ({
    x: [...[0, 1, 2].map((c) => readX(offsetOf(source, n, y, x, c))), 1],
    y: readY(offsetOf(target, n, y, x, 0)),
  }));
  const found = leastSquares(rows);
  if (found === null) return null;
  const weights = found.slice(0, 3);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return Math.abs(sum) < 1e-9 || !Number.isFinite(sum)
    ? null
    : weights.map((weight) => Number((weight / sum).toPrecision(5)));
}

const spread = ({ n, h, w }: Picture): { n: number; y: number; x: number }[] =>
  Array.from({ length: LOOKED_AT }, (_, i) => ({
    n: i % n,
    y: Math.floor(((0.5 + i * 0.7548776662466927) % 1) * h),
    x: Math.floor(((0.5 + i * 0.5698402909980532) % 1) * w),
  }));
