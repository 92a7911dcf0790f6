/** @file TimeDistributed where the batch or the number of steps is not known yet. */

import { expect, test } from "vitest";
import { KERAS3_MASKS } from "../model/layer.ts";
import { shapeOps } from "../ops/shape.ts";
import type { Dims } from "../tensor/tensor.ts";
import { bindLayer, contextOf } from "./bind.ts";

function outputDims(class_name: string, config: object, dims: Dims): Dims[] {
  const context = { dialect: "keras3", maskRules: KERAS3_MASKS, inputs: [dims], where: [] } as const;
  const layer = bindLayer({ class_name, config }, contextOf(context));
  const weights = new Map(
    layer.weights.map(({ name, shape }) => [name, { dims: shape, dtype: "float32" as const }]),
  );
  const { outputs } = layer.evaluate(shapeOps, {
    weights,
    inputs: [{ dims, dtype: "float32" }],
    masks: [null],
  });
  return outputs.map((output) => output.dims);
}

const lstm = (config: object) => ({ class_name: "LSTM", config: { units: 4, ...config } });
const flatten = { class_name: "Flatten", config: {} };

test("layers over time have shapes before the batch or the length is known", () => {
  expect(outputDims("TimeDistributed", { layer: flatten }, [null, 7, 3, 2])).toEqual([[null, 7, 6]]);
  expect(outputDims("TimeDistributed", { layer: flatten }, [null, null, 3, 2])).toEqual([[null, null, 6]]);
  expect(outputDims("TimeDistributed", { layer: lstm({}) }, [null, 6, 5, 3])).toEqual([[null, 6, 4]]);
  expect(outputDims("Bidirectional", { layer: lstm({ return_sequences: true }) }, [null, null, 3])).toEqual([
    [null, null, 8],
  ]);
  expect(outputDims("LSTM", { units: 4, return_state: true }, [null, null, 3])).toEqual([
    [null, 4],
    [null, 4],
    [null, 4],
  ]);
});
