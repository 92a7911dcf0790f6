/** @file What a model itself does to an input first: its Rescaling and Normalization layers, as one scale and shift. */

import type { Model } from "../../model/model.ts";
import { float64Ops } from "../../ops/float64.ts";
import type { RealTensor } from "../../tensor/tensor.ts";

export interface OwnScaling {
  /** Path and class of each, in the order in which they are applied. */
  readonly layers: readonly { readonly path: string; readonly className: string }[];
  /** x·scale + shift, one number per entry of the last axis, or one for all. */
  readonly scale: readonly number[];
  readonly shift: readonly number[];
}

const CLASSES = new Set(["Rescaling", "Normalization"]);

/** Null where the input goes elsewhere too, or where a layer treats positions of one channel differently. */
export async function ownScaling(
  model: Model,
  input: number,
  weightsOf: (layer: number) => Promise<ReadonlyMap<string, RealTensor>>,
): Promise<OwnScaling | null> {
  const entry = model.inputs[input];
  if (entry === undefined) return null;
  const channels = entry.dims.length > 1 ? (entry.dims.at(-1) ?? 1) : 1;
  const shape = entry.dims.map((_, axis) => (axis === entry.dims.length - 1 ? channels : 1));
  const ops = float64Ops();
  const layers: { path: string; className: string }[] = [];
  // Linear layers are told by what they make of 0 and of 1.
  let [zeros, ones] = [constant(shape, 0), constant(shape, 1)];
  for (let call = entry.call; ; ) {
    const users = model.calls.flatMap(({ inputs }, i) =>
      inputs.some((ref) => ref.call === call) ? [i] : [],
    );
    const [next] = users;
    const user = next === undefined ? undefined : model.calls[next];
    const of = user === undefined ? undefined : model.layers[user.layer];
    if (next === undefined || user === undefined || of === undefined) break;
    if (users.length !== 1 || !CLASSES.has(of.layer.className)) break;
    const weights = await weightsOf(user.layer);
    const through = (x: RealTensor): RealTensor | undefined =>
      of.layer.evaluate(ops, { weights, inputs: [x], masks: [null] }).outputs[0];
    const [low, high] = [through(zeros), through(ones)];
    if (low?.data.length !== zeros.data.length || high?.data.length !== ones.data.length) return null;
    [zeros, ones] = [low, high];
    layers.push({ path: of.path, className: of.layer.className });
    call = next;
  }
  if (layers.length === 0) return null;
  const shift = [...zeros.data];
  const scale = [...ones.data].map((value, i) => value - (shift[i] ?? 0));
  const isOne = scale.every((x) => x === scale[0]) && shift.every((x) => x === shift[0]);
  return { layers, scale: isOne ? scale.slice(0, 1) : scale, shift: isOne ? shift.slice(0, 1) : shift };
}

const constant = (shape: readonly number[], value: number): RealTensor => ({
  shape,
  dtype: "float32",
  data: new Float64Array(shape.reduce((size, extent) => size * extent, 1)).fill(value),
});
