/** @file InputLayer: hands its tensor through. Shapes and dtypes of a model's inputs are read by the dialects. */

import { defineLayer, result } from "./define.ts";

export const inputLayer = defineLayer({
  classNames: ["InputLayer"],
  config: {},
  training: ["sparse", "ragged", "optional", "type_spec"],
  identity: true,
  call: (_ops, { input, mask }) => result(input, mask),
  // Neither Keras lets an InputLayer be called: the dialects' tests show that it passes its tensor on.
  samples: [],
});
