/** @file Over how many inputs of each layer call a mask lies, as Keras hands masks on: found by the shape reading. */

import type { LayerResult } from "../model/layer.ts";
import type { Model } from "../model/model.ts";
import { type ShapeOnly, shapeOps } from "../ops/shape.ts";

/** Per call of the model. */
export function maskedInputs(model: Model): readonly number[] {
  const results: LayerResult<ShapeOnly>[] = [];
  return model.calls.map((call) => {
    const layer = model.layers[call.layer]?.layer;
    const at = (ref: { call: number; output: number }): ShapeOnly =>
      results[ref.call]?.outputs[ref.output] ?? { dims: [null], dtype: "float32" };
    if (layer === undefined) {
      results.push({ outputs: call.outputs, masks: call.outputs.map(() => null) });
      return 0;
    }
    const masks = call.inputs.map((ref, i) => {
      const own = call.masks?.[i] ?? null;
      return own === null ? (results[ref.call]?.masks[ref.output] ?? null) : at(own);
    });
    const weights = new Map(
      layer.weights.map(({ name, shape }) => [name, { dims: shape, dtype: "float32" as const }]),
    );
    const initial_state = call.initial_state.map(at);
    const args = initial_state.length === 0 ? {} : { initial_state };
    results.push(layer.evaluate(shapeOps, { weights, inputs: call.inputs.map(at), masks, args }));
    return masks.filter((mask) => mask !== null).length;
  });
}
