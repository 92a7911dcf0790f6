/**
 * @file Predictions were seen that a model does not give for its input: does it give them for that input with a usual
 * mistake made in it (0…255 for 0…1, B, G, R, mirrored, cut to whole numbers, two of them)? Each is fed and compared.
 */

import { isFloating } from "../tensor/dtype.ts";
import { realFromTensor, type Tensor } from "../tensor/tensor.ts";
import { fitsConvention, namedScales } from "./inputs/conventions.ts";
import { numbersOf } from "./inputs/numbers.ts";
import { affineStep } from "./inputs/steps/affine.ts";
import type { NamedTensor } from "./options.ts";
import { compareSeen, type SidePredictions } from "./seen.ts";
import { rowsOf } from "./side.ts";

/** What a side was fed, and how it is fed again. */
export interface Feedable {
  readonly inputs: readonly Tensor[];
  predict(inputs: readonly Tensor[]): Promise<Tensor[]>;
}

export interface GuessedFeed {
  /** What the app seems to feed, against the input at hand. */
  readonly words: string;
  /** What it does to the input at hand, of `x`, in TensorFlow.js. */
  readonly js: string;
}

/** Samples that each mistake is tried on; and how many mistakes, each a prediction. */
const MOST_SAMPLES = 4;
const MOST_TRIES = 32;

/** Null where none of them gives what was seen, or several inputs could have been fed wrongly. */
export async function guessFeed(
  side: "a" | "b",
  seen: readonly NamedTensor[],
  predicted: SidePredictions,
  { inputs, predict }: Feedable,
): Promise<GuessedFeed | null> {
  const floating = inputs.flatMap(({ dtype }, i) => (isFloating(dtype) ? [i] : []));
  const [at] = floating;
  if (at === undefined || floating.length > 1) return null;
  const samples = Math.min(MOST_SAMPLES, inputs[at]?.shape[0] ?? 0);
  const fed = rowsOf(inputs, 0, samples);
  const few = (tensors: readonly Tensor[]): Tensor[] => rowsOf(tensors, 0, samples);
  const saw = seen.map(({ name, tensor }, i) => ({
    name,
    tensor:
      tensor.shape.length < (predicted.outputs[i]?.tensor.shape.length ?? 0)
        ? tensor
        : (few([tensor])[0] ?? tensor),
  }));
  for (const { words, js, change } of mistakesIn(fed[at] as Tensor).slice(0, MOST_TRIES)) {
    const changed = fed.with(at, change(fed[at] as Tensor));
    const given = few(await predict(changed));
    const outputs = predicted.outputs.map(({ name }, i) => ({ name, tensor: given[i] as Tensor }));
    if (compareSeen(side, saw, { ...predicted, outputs }, null).every(({ reproduced }) => reproduced))
      return { words, js };
  }
  return null;
}

interface Mistake extends GuessedFeed {
  change(x: Tensor): Tensor;
}

/** The commonest first; then two at once. */
function mistakesIn(input: Tensor): Mistake[] {
  const scales = scalesOf(input);
  const moves = input.shape.length === 4 ? [...(input.shape[3] === 3 ? [REVERSED] : []), MIRRORED] : [];
  const both = moves.flatMap((move) =>
    scales.map(
      (scale): Mistake => ({
        words: `${scale.words}, and ${move.words}`,
        js: scale.js.replaceAll(/\bx\b/g, move.js),
        change: (x) => scale.change(move.change(x)),
      }),
    ),
  );
  return [...scales.slice(0, 12), ...moves, TRUNCATED, ...both];
}

function scalesOf(input: Tensor): Mistake[] {
  const { range, shape } = numbersOf(input);
  const channels = shape.length === 4 && shape[3] === 3 ? 3 : 1;
  return namedScales(channels)
    .filter(({ from }) => fitsConvention(from, ...range))
    .sort((p, q) => p.bits - q.bits)
    .map(({ from, to, scale, shift, bits }) => {
      const step = affineStep(scale, shift, bits);
      return {
        words: `${to.words}, where this input holds ${from.words}`,
        js: step.js("x"),
        change: (x) => elementwise(x, (value, i) => step.apply(value, i % channels)),
      };
    });
}

function elementwise(x: Tensor, of: (value: number, i: number) => number): Tensor {
  return { ...x, dtype: "float32", data: Float32Array.from(realFromTensor(x).data, of) };
}

/** Each element from another place of its own sample's last two axes. */
const moved = (
  x: Tensor,
  from: (column: number, channel: number, w: number, c: number) => number,
): Tensor => {
  const [w = 1, c = 1] = x.shape.slice(-2);
  const { data } = realFromTensor(x);
  return elementwise(x, (_, i) => {
    const row = i - (i % (w * c));
    return data[row + from(Math.floor((i - row) / c), i % c, w, c)] ?? 0;
  });
};

const REVERSED: Mistake = {
  words: "the channels in reverse order (B, G, R for R, G, B)",
  js: "tf.reverse(x, [-1])",
  change: (x) => moved(x, (column, channel, _w, c) => column * c + (c - 1 - channel)),
};

const MIRRORED: Mistake = {
  words: "the picture mirrored from left to right",
  js: "tf.reverse(x, [2])",
  change: (x) => moved(x, (column, channel, w, c) => (w - 1 - column) * c + channel),
};

const TRUNCATED: Mistake = {
  words: "values cut to whole numbers",
  js: 'x.cast("int32")',
  change: (x) => elementwise(x, Math.trunc),
};
