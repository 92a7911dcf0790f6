/** @file A layer that only keeps its weights in fewer bits: the plain layer with the numbers that these stand for, in float32. */

import type { JsonObject } from "../../base/json.ts";
import { weightNamed } from "../../layers/define.ts";
import { float64Ops } from "../../ops/float64.ts";
import { realFromTensor } from "../../tensor/tensor.ts";
import { chain, type Rewrite } from "./rewrite.ts";

const ops = float64Ops();

export const dequantized: Rewrite = {
  id: "dequantized",
  summary: "The layer with its weights as the numbers that their bits stand for",
  exact: false,
  parts({ className, config: { quantization: _said, ...config }, dequantized: plain }) {
    if (plain === null) return null;
    const [from, ...beside] = plain.from;
    return chain({
      suffix: "float",
      className,
      config: config as JsonObject,
      weights: {
        [plain.weight]: {
          from,
          beside,
          dtype: "float32",
          map(...tensors) {
            const named = new Map(tensors.map((tensor, i) => [plain.from[i] ?? "", realFromTensor(tensor)]));
            const { shape, data } = plain.numbers(ops, (name) => weightNamed(named, name, []));
            return { shape, dtype: "float32", data: Float32Array.from(data) };
          },
        },
      },
      main: true,
    });
  },
};
