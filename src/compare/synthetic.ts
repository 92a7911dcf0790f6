/**
 * @file Inputs made up for a model, from what its first layers expect: indices for an Embedding, padded steps for a
 * mask, pictures for pictures, else normally distributed numbers. The same seed gives the same bits everywhere.
 */

import { VernierError } from "../base/errors.ts";
import { type Expectation, expectationOf } from "../layers/expects.ts";
import type { Model, ModelInput } from "../model/model.ts";
import { type Random, randomFrom } from "../numerics/random.ts";
import { isFloating } from "../tensor/dtype.ts";
import { type Dims, type Shape, sizeOf, type Tensor } from "../tensor/tensor.ts";

/** Steps of a sequence, and of each axis of a volume, where the model takes any number. */
export const ANY_STEPS = 16;
/** Height and width of a picture where the model takes any: divisible by 2⁶, which deep pooling needs. */
export const ANY_PIXELS = 64;

/** The axes that were given a size because the model leaves it open. */
export function assumedSizes(model: Model): { input: string; axis: number; size: number }[] {
  return model.inputs.flatMap(({ name, dims }) =>
    dims.flatMap((dim, axis) =>
      dim === null && axis > 0 ? [{ input: name, axis, size: openSize(dims) }] : [],
    ),
  );
}

const openSize = (dims: Dims): number => (dims.length === 4 ? ANY_PIXELS : ANY_STEPS);

/**
 * In the order of `model.inputs`; a model with a fixed batch gets that many samples. Throws `input.invalid` for an
 * input of strings.
 */
export function syntheticInputs(model: Model, samples: number, seed: number): Tensor[] {
  return model.inputs.map((input, i) => {
    const shape = input.dims.map((dim, axis) => dim ?? (axis === 0 ? samples : openSize(input.dims)));
    if (input.dtype === "string") {
      throw new VernierError("input.invalid", {
        reason: `"${input.name}" takes text, which cannot be made up: give --inputs`,
      });
    }
    const values = valuesFor(input, shape, expectationsOf(model, input.call), randomFrom(seed, i));
    return { shape, dtype: input.dtype, data: stored(values, input.dtype) };
  });
}

/** Of the layers that an input reaches before anything computes with it. */
function expectationsOf(model: Model, from: number): Expectation[] {
  const found: Expectation[] = [];
  const todo = [from];
  for (let at = todo.pop(); at !== undefined; at = todo.pop()) {
    for (const [index, call] of model.calls.entries()) {
      const layer = model.layers[call.layer]?.layer;
      if (layer === undefined || !call.inputs.some((ref) => ref.call === at)) continue;
      const expectation = expectationOf(layer);
      if (expectation?.kind === "passes") todo.push(index);
      else if (expectation !== null) found.push(expectation);
    }
  }
  return found;
}

function valuesFor(
  { dtype }: ModelInput,
  shape: Shape,
  expectations: readonly Expectation[],
  random: Random,
): Float64Array {
  const indices = expectations.filter((e) => e.kind === "indices");
  if (indices.length > 0) {
    // One input may reach several tables: an index must be in all of them.
    const count = Math.min(...indices.map((e) => e.count));
    const padded = indices.some((e) => e.padded);
    const ids = filled(shape, () => random.integer(padded && count > 1 ? 1 : 0, count));
    return padded ? withPadding(ids, shape, 1, 0, random) : ids;
  }
  if (dtype === "bool") return filled(shape, () => random.integer(0, 2));
  const scaled = expectations.find((e) => e.kind === "scaled");
  const bytes = !isFloating(dtype) || (scaled !== undefined && Math.abs(scaled.scale) <= LARGEST_BYTE_SCALE);
  const channels = channelsOf(shape);
  if (channels !== null) {
    const picture = pictureOf(shape, channels, random);
    return bytes ? picture.map((x) => Math.round(255 * x)) : picture;
  }
  if (!isFloating(dtype)) return filled(shape, () => random.integer(0, 10));
  const values = filled(shape, bytes ? () => random.integer(0, 256) : () => random.normal());
  const masked = expectations.find((e) => e.kind === "masked");
  if (masked === undefined || shape.length < 3) return values;
  return withPadding(values, shape, sizeOf(shape.slice(2)), masked.value, random);
}

/** 1/255, 1/128, 1/127.5 and 2/255 turn bytes into small numbers. */
const LARGEST_BYTE_SCALE = 1 / 100;

const filled = (shape: Shape, next: () => number): Float64Array =>
  Float64Array.from({ length: sizeOf(shape) }, next);

/** Every sample but the first ends in up to two thirds of padding; steps run along axis 1. */
function withPadding(
  values: Float64Array,
  shape: Shape,
  stepSize: number,
  value: number,
  random: Random,
): Float64Array {
  const [samples = 0, steps = 1] = shape;
  for (let sample = 1; sample < samples; sample++) {
    const length = random.integer(Math.max(1, Math.floor(steps / 3)), steps + 1);
    const start = (sample * steps + length) * stepSize;
    values.fill(value, start, (sample + 1) * steps * stepSize);
  }
  // A single sample must have padding too, or no mask would ever be looked at.
  if (samples === 1 && steps > 2) values.fill(value, (steps - 1) * stepSize, steps * stepSize);
  return values;
}

/** The axis of 1, 3 or 4 channels of pictures; `null` where they are none. */
function channelsOf(shape: Shape): number | null {
  if (shape.length !== 4) return null;
  const isChannels = (extent: number | undefined): boolean => extent === 1 || extent === 3 || extent === 4;
  if (isChannels(shape[3])) return 3;
  return isChannels(shape[1]) ? 1 : null;
}

const WAVES = 3;
/** Of the noise on top, as a part of the range. */
const GRAIN = 0.1;

/** 0 to 1: a few slow waves per channel, and grain. */
function pictureOf(shape: Shape, channelAxis: number, random: Random): Float64Array {
  const [samples = 0] = shape;
  const channels = shape[channelAxis] ?? 1;
  const [rowAxis, columnAxis] = channelAxis === 3 ? [1, 2] : [2, 3];
  const [rows, columns] = [shape[rowAxis] ?? 1, shape[columnAxis] ?? 1];
  const data = new Float64Array(sizeOf(shape));
  for (let sample = 0; sample < samples; sample++) {
    for (let channel = 0; channel < channels; channel++) {
      const waves = Array.from({ length: WAVES }, () => ({
        x: random.uniform() * 3,
        y: random.uniform() * 3,
        phase: random.uniform(),
      }));
      for (let row = 0; row < rows; row++) {
        for (let column = 0; column < columns; column++) {
          let sum = 0;
          for (const { x, y, phase } of waves)
            sum += triangle((x * row) / rows + (y * column) / columns + phase);
          const value = sum / WAVES + GRAIN * (random.uniform() - 0.5);
          const at =
            channelAxis === 3
              ? ((sample * rows + row) * columns + column) * channels + channel
              : ((sample * channels + channel) * rows + row) * columns + column;
          data[at] = Math.min(1, Math.max(0, value));
        }
      }
    }
  }
  return data;
}

/** Period 1, between 0 and 1; unlike a sine it has the same bits on every engine. */
const triangle = (x: number): number => Math.abs(2 * (x - Math.floor(x)) - 1);

function stored(values: Float64Array, dtype: Tensor["dtype"]): Tensor["data"] {
  switch (dtype) {
    case "float64":
      return values;
    case "int32":
      return Int32Array.from(values);
    case "int16":
      return Int16Array.from(values);
    case "int8":
      return Int8Array.from(values, (x) => Math.min(127, x));
    case "uint32":
      return Uint32Array.from(values);
    case "uint16":
      return Uint16Array.from(values);
    case "uint8":
    case "bool":
      return Uint8Array.from(values);
    case "int64":
      return BigInt64Array.from(values, BigInt as (x: number) => bigint);
    case "uint64":
      return BigUint64Array.from(values, BigInt as (x: number) => bigint);
    case "float16":
    case "bfloat16":
      return Float32Array.from(values, (x) => Math.round(x * 64) / 64);
    case "float32":
      return Float32Array.from(values);
    case "string":
      return [];
    default:
      return dtype satisfies never;
  }
}
