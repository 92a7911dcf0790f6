/** @file RepeatVector: [batch, features] → [batch, n, features]. */

import { integer } from "../base/decode.ts";
import { expand_dims, repeat } from "../ops/derived.ts";
import { defineLayer, required, result } from "./define.ts";

export const repeatVector = defineLayer({
  classNames: ["RepeatVector"],
  config: { n: required(integer(1)) },
  call: (ops, { config, input }) => result(repeat(ops, expand_dims(ops, input, 1), config.n, 1)),
  samples: [{ config: { n: 3 }, inputs: [{ shape: [2, 4] }] }],
});
