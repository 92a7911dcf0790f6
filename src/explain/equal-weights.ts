/** @file Are the weights that were written exactly those that were to be written, or exactly their forced rounding? */

import { type Ahead, inAdvance } from "../base/in-advance.ts";
import { affineOf, quantize, rangeOf } from "../formats/tfjs-quantize.ts";
import type { Model, ModelWeight } from "../model/model.ts";
import { READ_AHEAD_NUMBERS } from "../model/weights.ts";
import { FLOAT16, roundTo } from "../numerics/formats.ts";
import { realFromTensor, sizeOf, type Tensor } from "../tensor/tensor.ts";

export interface UnequalWeight {
  readonly layer: string;
  readonly weight: string;
  readonly reason: string;
}

/** `quantized`: a weight may be rounded to the step that its file states; otherwise to float32 at most. */
export async function equalWeights(
  planned: Model,
  written: Model,
  { quantized }: { readonly quantized: boolean },
): Promise<UnequalWeight[]> {
  const unequal: UnequalWeight[] = [];
  const pairs = planned.layers.flatMap((layer, index) => {
    const other = written.layers.find(({ path }) => path === layer.path) ?? written.layers[index];
    return layer.weights.map((weight) => ({
      layer: layer.path,
      weight,
      found: other?.weights.find(({ spec }) => spec.name === weight.spec.name),
    }));
  });
  const read = async ({ weight, found }: (typeof pairs)[number]) =>
    found === undefined ? null : { own: await weight.read(), other: await found.read() };
  for await (const [{ layer, weight, found }, values] of inAdvance(pairs, read, AHEAD)) {
    const reason =
      found === undefined || values === null
        ? "it is missing"
        : difference(values, { quantization: quantized ? found.quantization : null, name: weight.fileName });
    if (reason !== null) unequal.push({ layer, weight: weight.spec.name, reason });
  }
  return unequal;
}

const AHEAD: Ahead<{ readonly weight: ModelWeight }> = {
  sizeOf: ({ weight }) => sizeOf(weight.shape),
  limit: READ_AHEAD_NUMBERS,
};

function difference(
  { own, other }: { readonly own: Tensor; readonly other: Tensor },
  { quantization, name }: { readonly quantization: string | null; readonly name: string },
): string | null {
  if (sameBits(own, other)) return null;
  const [a, b] = [realFromTensor(own), realFromTensor(other)];
  if (a.shape.join() !== b.shape.join()) return `its shape is [${b.shape.join(", ")}]`;
  const allowed = quantization === null ? rounded32 : quantizedBy(quantization, a.data, name);
  for (const [i, value] of a.data.entries()) {
    const stored = b.data[i] ?? Number.NaN;
    if (!allowed(value, stored)) return `element ${i} is ${stored} in place of ${value}`;
  }
  return null;
}

/** Most weights are: the rest is looked at number by number. */
function sameBits(a: Tensor, b: Tensor): boolean {
  if (a.dtype !== "float32" || b.dtype !== "float32" || a.shape.join() !== b.shape.join()) return false;
  const [x, y] = [wordsOf(a.data as Float32Array), wordsOf(b.data as Float32Array)];
  for (let i = 0; i < x.length; i++) if (x[i] !== y[i]) return false;
  return x.length === y.length;
}

const wordsOf = ({ buffer, byteOffset, length }: Float32Array): Int32Array =>
  new Int32Array(buffer, byteOffset, length);

type Allowed = (value: number, stored: number) => boolean;

const rounded32: Allowed = (value, stored) => Object.is(Math.fround(value), stored) || value === stored;

/** The very number that the stored step gives back (tfjs-core io_utils.ts, `decodeWeight`). */
function quantizedBy(kind: string, values: Float64Array, weight: string): Allowed {
  if (kind === "float16") return (value, stored) => Object.is(roundTo(FLOAT16, Math.fround(value)), stored);
  const floats = Float32Array.from(values);
  const dtype = kind === "uint8" ? "uint8" : "uint16";
  const quantization = affineOf(rangeOf(floats, { min: Infinity, max: -Infinity }), dtype, weight);
  if (quantization.dtype === "float16") return rounded32;
  const { scale, min } = quantization;
  return (value, stored) => {
    const [steps = 0] = quantize(Float32Array.of(value), quantization);
    return Object.is(Math.fround(steps * scale + min), stored);
  };
}
