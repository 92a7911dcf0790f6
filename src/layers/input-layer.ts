/** @file InputLayer: hands its tensor through. Shapes and dtypes of a model's inputs are read by the dialects. */

import { defineLayer, result } from "./define.ts";

export const inputLayer = defineLayer({
  classNames: ["InputLayer"],
  config: {},
  training: ["sparse", "ragged", "optional", "type_spec"],
  identity: true,
  call: (_ops, { input, mask }) => result(input, mask),
  // Keras 3 does not let it be called.
  samples: [{ config: { batch_input_shape: [null, 3] }, inputs: [{ shape: [2, 3] }], dialects: ["keras2"] }],
});
