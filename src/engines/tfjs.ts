/**
 * @file Loads and runs the user's own layers-model in a TF.js that was handed in. Platform-free: workers and pages share it.
 *
 * Inputs become what `tf.tensor(values, shape)` of the same values would be: floating point of any width is
 * rounded to float32 once, integers of any width become int32 (or are refused when they do not fit), bool stays.
 */

import type * as core from "@tensorflow/tfjs-core";
import type * as layers from "@tensorflow/tfjs-layers";
import { VernierError } from "../base/errors.ts";
import { isFloating } from "../tensor/dtype.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { EngineInfo } from "./engine.ts";

/** The loaded modules, which must belong together. */
export interface Tfjs {
  readonly core: typeof core;
  readonly layers: typeof layers;
}
export type TfTensor = core.Tensor;
export type TfModel = layers.LayersModel;

/** Loads as `tf.loadLayersModel(url)` does, from artifacts already in memory. */
export function loadModel(tf: Tfjs, artifacts: core.io.ModelArtifacts): Promise<TfModel> {
  return tf.layers.loadLayersModel({ load: async () => artifacts });
}

export function describeModel(model: TfModel): Pick<EngineInfo, "inputs" | "outputs"> {
  const describe = (
    tensors: readonly layers.SymbolicTensor[],
    names: readonly string[],
  ): EngineInfo["inputs"] =>
    tensors.map(({ name, shape, dtype }, i) => ({ name: names[i] ?? name, shape: [...shape], dtype }));
  return {
    inputs: describe(model.inputs, model.inputNames),
    outputs: describe(model.outputs, model.outputNames),
  };
}

/**
 * `model.predict`, in one batch: TF.js's own default of 32 samples a batch would call every layer several times.
 * A stateful model starts from zero states each time, like a page that has just loaded it.
 */
export async function predict(tf: Tfjs, model: TfModel, inputs: readonly Tensor[]): Promise<Tensor[]> {
  if (model.stateful) model.resetStates();
  const outputs = tf.core.tidy(() => {
    const tensors = inputs.map((input) => tfFromTensor(tf, input));
    const only = tensors[0];
    if (only === undefined) throw new VernierError("input.invalid", { reason: "no tensor was given" });
    const results = model.predict(tensors.length === 1 ? only : tensors, {
      batchSize: Math.max(1, only.shape[0] ?? 1),
    });
    return (Array.isArray(results) ? results : [results]).map((tensor) => tensor.clone());
  });
  await fetchValues(tf, outputs);
  const read = outputs.map(tensorFromTf);
  tf.core.dispose(outputs);
  return read;
}

/** Can values be read as soon as they are computed? WebGPU hands them out later: its `dataSync` goes through a canvas. */
export const readsAtOnce = ({ core }: Pick<Tfjs, "core">): boolean => core.getBackend() !== "webgpu";

/** After this `tensorFromTf` reads what the backend holds for them. */
export async function fetchValues(tf: Pick<Tfjs, "core">, tensors: readonly TfTensor[]): Promise<void> {
  if (readsAtOnce(tf)) return;
  for (const tensor of tensors) await tensor.data();
}

export function tfFromTensor(tf: Pick<Tfjs, "core">, { shape, dtype, data }: Tensor): TfTensor {
  const dims = [...shape];
  if (!ArrayBuffer.isView(data)) return tf.core.tensor([...data], dims, "string");
  if (dtype === "bool") return tf.core.tensor(Uint8Array.from(data as Uint8Array), dims, "bool");
  if (isFloating(dtype)) return tf.core.tensor(Float32Array.from(data as Float32Array), dims, "float32");
  return tf.core.tensor(int32From(dtype, data as Int32Array | BigInt64Array), dims, "int32");
}

function int32From(dtype: string, data: Int32Array | BigInt64Array): Int32Array {
  const values = new Int32Array(data.length);
  for (const [i, value] of data.entries()) {
    const number = Number(value);
    if (number !== (number | 0)) {
      throw new VernierError("input.invalid", {
        reason: `the ${dtype} value ${value} does not fit TF.js's int32`,
      });
    }
    values[i] = number;
  }
  return values;
}

/** A copy: the cpu backend hands out its own memory. */
export function tensorFromTf(tensor: TfTensor): Tensor {
  const data = tensor.dataSync();
  const dtype = tensor.dtype === "complex64" ? "float32" : tensor.dtype;
  return {
    shape: [...tensor.shape],
    dtype,
    data: ArrayBuffer.isView(data) ? data.slice() : [...(data as string[])],
  };
}
