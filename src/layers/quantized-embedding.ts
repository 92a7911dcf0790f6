/**
 * @file Embedding with its rows in 8 or 4 bits (keras/src/layers/core/embedding.py, `_int8_call`, `_int4_call`);
 * weights in the order of its `variable_serialization_spec`.
 */

import { divide, expand_dims, scalar } from "../ops/derived.ts";
import type { Ops } from "../ops/ops.ts";
import { type QuantizedForm, result, type Sample, weight } from "./define.ts";
import { bytes, dequantizeGroups, policyWords, type Quantization, unpackInt4 } from "./quantization.ts";

interface EmbeddingConfig {
  readonly input_dim: number;
  readonly output_dim: number;
  readonly mask_zero: boolean;
}

/** `null` for float8, which Keras has for Dense only. */
export function quantizedEmbedding(said: Quantization): QuantizedForm<EmbeddingConfig> | null {
  if (said.mode === "float8") return null;
  const block = said.mode === "int4" ? said.block : null;
  const from = [
    "embeddings",
    "embeddings_scale",
    ...(block === null ? [] : ["embeddings_zero", "g_idx"]),
  ] as const;
  /** Rows of `weight`, or all of them. */
  const numbersOf = <T>(ops: Ops<T>, weight: (name: string) => T, width: number, rows: (all: T) => T): T => {
    const taken = rows(weight("embeddings"));
    const levels = said.mode === "int4" ? unpackInt4(ops, taken, width, -1) : taken;
    const scale = rows(weight("embeddings_scale"));
    if (block === null) return divide(ops, ops.cast(levels, ops.dtypeOf(scale)), expand_dims(ops, scale, -1));
    const zero = rows(weight("embeddings_zero"));
    return dequantizeGroups(ops, levels, { scale, zero, groups: weight("g_idx"), axis: -1 });
  };
  return {
    // It looks numbers up: nothing comes in that could be rounded. Its bytes always lay along its rows.
    quantization: {
      ...said,
      inputs: null,
      ...(said.mode === "int4" ? { packed: "columns" } : {}),
    } as Quantization,
    weights({ input_dim, output_dim }) {
      const width = said.mode === "int4" ? Math.ceil(output_dim / 2) : output_dim;
      const rows = bytes("embeddings", [input_dim, width]);
      if (block === null) return [rows, weight("embeddings_scale", [input_dim], false)];
      const groups = [input_dim, Math.ceil(output_dim / block)];
      return [
        rows,
        weight("embeddings_scale", groups, false),
        bytes("embeddings_zero", groups),
        weight("g_idx", [output_dim], false),
      ];
    },
    dequantized: ({ output_dim }) => ({
      weight: "embeddings",
      from,
      numbers<T>(ops: Ops<T>, weight: (name: string) => T): T {
        return numbersOf(ops, weight, output_dim, (all) => all);
      },
    }),
    call(ops, { config, weight, input }) {
      const index = ops.cast(input, "int32");
      const rows = numbersOf(ops, weight, config.output_dim, (all) => ops.take(all, index, 0));
      const mask = config.mask_zero ? ops.compare("not_equal", input, scalar(ops, 0)) : null;
      return result(rows, mask);
    },
  };
}

const policy = (className: string, mode: string) => policyWords(className, { mode, source_name: "float32" });
const dialects = ["keras3"] as const;
const words = (max: number) => [{ shape: [2, 4], dtype: "int32", values: "indices", max }] as const;

export const quantizedEmbeddingSamples: readonly Sample[] = [
  {
    config: { input_dim: 7, output_dim: 3, dtype: policy("QuantizedDTypePolicy", "int8") },
    inputs: words(7),
    dialects,
  },
  {
    config: { input_dim: 5, output_dim: 4, mask_zero: true, dtype: policy("Int4DTypePolicy", "int4/-1") },
    inputs: words(5),
    dialects,
  },
  {
    config: { input_dim: 6, output_dim: 7, dtype: policy("Int4DTypePolicy", "int4/4") },
    inputs: words(6),
    dialects,
  },
];
