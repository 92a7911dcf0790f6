/**
 * @file Dense with its kernel in 8 or 4 bits (keras/src/layers/core/dense.py, `_int8_call`, `_int4_call`,
 * `_float8_call`); weights in the order of its `variable_serialization_spec`.
 */

import type { JsonObject } from "../base/json.ts";
import type { WeightSpec } from "../model/layer.ts";
import { add, divide, multiply } from "../ops/derived.ts";
import type { Ops } from "../ops/ops.ts";
import type { Shape } from "../tensor/tensor.ts";
import { type Activation, activate } from "./activation.ts";
import { type FormulaCall, knownDim, type QuantizedForm, result, type Sample, weight } from "./define.ts";
import {
  absMaxQuantize,
  bytes,
  dequantizeGroups,
  type InputQuantizer,
  policyWords,
  type Quantization,
  throughFloat8,
  unpackInt4,
} from "./quantization.ts";

interface DenseConfig {
  readonly units: number;
  readonly use_bias: boolean;
  readonly activation: Activation;
}

/** With a kernel of whole numbers. */
type InBytes = Exclude<Quantization, { readonly mode: "float8" }>;

export const quantizedDense = (quantization: Quantization): QuantizedForm<DenseConfig> => ({
  quantization,
  weights({ units, use_bias }, [input]) {
    const bias = use_bias ? [weight("bias", [units])] : [];
    return weightsOf(quantization, knownDim(input, -1), units, bias);
  },
  dequantized({ units }, [input]) {
    if (quantization.mode === "float8" || quantization.inputs !== null) return null;
    const from = [
      "kernel",
      "kernel_scale",
      ...(isGrouped(quantization) ? ["kernel_zero", "g_idx"] : []),
    ] as const;
    const extents = { inputs: knownDim(input, -1), units };
    return {
      weight: "kernel",
      from,
      numbers<T>(ops: Ops<T>, weight: (name: string) => T): T {
        const levels = levelsOf(ops, quantization, weight("kernel"), extents);
        return isGrouped(quantization)
          ? groupedKernel(ops, levels, weight)
          : divide(ops, ops.cast(levels, "float32"), weight("kernel_scale"));
      },
    };
  },
  call(ops, call) {
    const product = productOf(ops, call, quantization);
    const { config, mask } = call;
    const sum = config.use_bias ? add(ops, product, biasOf(ops, call.weight("bias"), quantization)) : product;
    return result(activate(ops, config.activation, sum), mask);
  },
});

const isGrouped = (quantization: InBytes): boolean =>
  quantization.mode === "int4" && quantization.block !== null;

const fixed = (name: string, shape: Shape): WeightSpec => weight(name, shape, false);

function weightsOf(
  quantization: Quantization,
  inputs: number,
  units: number,
  bias: readonly WeightSpec[],
): readonly WeightSpec[] {
  switch (quantization.mode) {
    case "int8":
      return [bytes("kernel", [inputs, units]), ...bias, fixed("kernel_scale", [units])];
    case "int4": {
      const { block } = quantization;
      const half = (length: number): number => Math.ceil(length / 2);
      const packed = bytes(
        "kernel",
        quantization.packed === "rows" ? [half(inputs), units] : [inputs, half(units)],
      );
      if (block === null) return [packed, ...bias, fixed("kernel_scale", [units])];
      const groups = [Math.ceil(inputs / block), units];
      return [
        packed,
        ...bias,
        fixed("kernel_scale", groups),
        bytes("kernel_zero", groups),
        fixed("g_idx", [inputs]),
      ];
    }
    case "float8":
      // Only training looks at the largest values, and at what becomes of gradients.
      return [
        weight("kernel", [inputs, units]),
        ...bias,
        ...["inputs", "kernel", "outputs_grad"].flatMap((of) => [
          { ...weight(`${of}_scale`, []), early: true },
          { ...weight(`${of}_amax_history`, [quantization.history]), early: true },
        ]),
      ];
    default:
      return quantization satisfies never;
  }
}

function productOf<T>(
  ops: Ops<T>,
  { config, weight, input }: FormulaCall<T, DenseConfig>,
  quantization: Quantization,
): T {
  switch (quantization.mode) {
    case "int8":
    case "int4": {
      const extents = { inputs: knownDim(ops.dimsOf(input), -1), units: config.units };
      const levels = levelsOf(ops, quantization, weight("kernel"), extents);
      return isGrouped(quantization)
        ? ops.matmul(input, groupedKernel(ops, levels, weight))
        : scaledProduct(ops, input, levels, weight("kernel_scale"), quantization.inputs);
    }
    case "float8":
      return ops.matmul(
        throughFloat8(ops, input, weight("inputs_scale")),
        throughFloat8(ops, weight("kernel"), weight("kernel_scale")),
      );
    default:
      return quantization satisfies never;
  }
}

/** [inputs, units]. */
function levelsOf<T>(
  ops: Ops<T>,
  quantization: InBytes,
  kernel: T,
  { inputs, units }: { readonly inputs: number; readonly units: number },
): T {
  if (quantization.mode === "int8") return kernel;
  return quantization.packed === "rows"
    ? unpackInt4(ops, kernel, inputs, 0)
    : unpackInt4(ops, kernel, units, 1);
}

const groupedKernel = <T>(ops: Ops<T>, levels: T, weight: (name: string) => T): T =>
  dequantizeGroups(ops, levels, {
    scale: weight("kernel_scale"),
    zero: weight("kernel_zero"),
    groups: weight("g_idx"),
    axis: 0,
  });

/** Keras rounds it under float8, so that it can be added within the product. */
const biasOf = <T>(ops: Ops<T>, bias: T, { mode }: Quantization): T =>
  mode === "float8" ? ops.unary("to_bfloat16", bias) : bias;

/** A product of whole numbers, or of what came in with whole numbers, over the scales. */
function scaledProduct<T>(
  ops: Ops<T>,
  input: T,
  levels: T,
  kernelScale: T,
  inputs: InputQuantizer | null,
): T {
  const dtype = ops.dtypeOf(input);
  if (inputs === null) return divide(ops, ops.matmul(input, ops.cast(levels, dtype)), kernelScale);
  const quantized = absMaxQuantize(ops, input, inputs);
  const product = ops.matmul(ops.cast(quantized.levels, "int32"), ops.cast(levels, "int32"));
  return divide(ops, ops.cast(product, dtype), multiply(ops, kernelScale, quantized.scale));
}

const policy = (className: string, config: JsonObject) =>
  policyWords(className, { source_name: "float32", ...config });
const plainInputs = (className: string, config: Readonly<Record<string, number | null>> = {}) => ({
  module: "keras.quantizers",
  class_name: className,
  config: { weight_quantizer: null, activation_quantizer: null, ...config },
  registered_name: null,
});
const narrowInputs = {
  module: "keras.quantizers",
  class_name: "Int8QuantizationConfig",
  config: {
    weight_quantizer: null,
    activation_quantizer: {
      module: "keras.quantizers",
      class_name: "AbsMaxQuantizer",
      config: { value_range: [-15, 15], epsilon: 0.01, output_dtype: "int8" },
      registered_name: null,
    },
  },
  registered_name: null,
};
const int8 = policy("QuantizedDTypePolicy", { mode: "int8" });
const int4 = (block: number) => policy("Int4DTypePolicy", { mode: `int4/${block}` });
const float8 = policy("QuantizedFloat8DTypePolicy", { mode: "float8", amax_history_length: 4 });
const dialects = ["keras3"] as const;

export const quantizedDenseSamples: readonly Sample[] = [
  { config: { units: 3, dtype: int8 }, inputs: [{ shape: [2, 5] }], dialects },
  {
    config: { units: 4, dtype: int8, use_bias: false, activation: "relu" },
    inputs: [{ shape: [2, 3, 40] }],
    dialects,
  },
  {
    config: { units: 3, dtype: int8, quantization_config: narrowInputs },
    inputs: [{ shape: [2, 6] }],
    dialects,
  },
  {
    config: { units: 3, dtype: int8, quantization_config: plainInputs("Int8QuantizationConfig") },
    inputs: [{ shape: [2, 5] }],
    dialects,
  },
  { config: { units: 3, dtype: int4(-1) }, inputs: [{ shape: [2, 5] }], dialects },
  {
    config: {
      units: 5,
      dtype: int4(4),
      quantization_config: plainInputs("Int4QuantizationConfig", { block_size: 4 }),
    },
    inputs: [{ shape: [2, 10] }],
    dialects,
  },
  { config: { units: 4, dtype: int4(128), use_bias: false }, inputs: [{ shape: [2, 3, 6] }], dialects },
  { config: { units: 3, dtype: float8, activation: "tanh" }, inputs: [{ shape: [2, 5] }], dialects },
  { config: { units: 3, dtype: float8 }, inputs: [{ shape: [2, 40], values: "large" }], dialects },
  { config: { units: 3, dtype: float8 }, inputs: [{ shape: [2, 6], values: "small" }], dialects },
];
