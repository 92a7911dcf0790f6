/** @file Masking: a step counts where any feature differs from `mask_value`; other steps become 0. */

import { real32 } from "../base/decode.ts";
import { any, multiply, scalar } from "../ops/derived.ts";
import { defineLayer, optional, result } from "./define.ts";

export const masking = defineLayer({
  classNames: ["Masking"],
  config: { mask_value: optional(real32, 0) },

  call(ops, { config, input, rules }) {
    const differs = ops.compare("not_equal", input, scalar(ops, config.mask_value));
    const kept = any(ops, differs, [-1], true);
    const mask = any(ops, differs, [-1]);
    const output =
      rules.masking === "where"
        ? ops.where(kept, input, scalar(ops, 0))
        : multiply(ops, input, ops.cast(kept, ops.dtypeOf(input)));
    return result(output, mask);
  },

  samples: [
    { config: {}, inputs: [{ shape: [2, 4, 3] }] },
    { config: {}, inputs: [{ shape: [3, 5, 2], values: "padded" }] },
    { config: { mask_value: 1.5 }, inputs: [{ shape: [2, 3, 2] }] },
  ],
});
