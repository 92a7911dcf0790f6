/** @file `saveInput(tensor)`: the page downloads exactly what it feeds, as `.npy` with its dtype and shape. */

import { VernierError } from "../base/errors.ts";
import { writeNpy } from "../formats/npy.ts";
import { isDType } from "../tensor/dtype.ts";
import { sizeOf, type Tensor, type TensorData } from "../tensor/tensor.ts";

/** As much of a `tf.Tensor` as is needed, of any TensorFlow.js. */
export interface FedTensor {
  readonly shape: readonly number[];
  readonly dtype: string;
  dataSync(): TensorData;
  data?(): Promise<TensorData>;
}

/** As much of a page as is needed. */
interface Page {
  readonly document?: {
    createElement(tag: "a"): { href: string; download: string; click(): void };
  };
  readonly URL?: {
    createObjectURL?(blob: unknown): string;
    revokeObjectURL(address: string): void;
  };
}

/** The browser has begun to save by then. */
const REVOKED_AFTER_MS = 10_000;

/**
 * Downloads `name.npy`. Throws `page.missing` outside a page, `usage.invalid` for what is no tensor,
 * `tensor.not-numeric` for complex numbers.
 */
export async function saveInput(tensor: FedTensor, name = "input"): Promise<void> {
  const { document, URL } = globalThis as unknown as Page;
  if (document === undefined || URL?.createObjectURL === undefined)
    throw new VernierError("page.missing", { what: "saveInput downloads a file" });
  const bytes = writeNpy(await valuesOf(tensor));
  const address = URL.createObjectURL(new Blob([new Uint8Array(bytes)]));
  const link = document.createElement("a");
  link.href = address;
  link.download = `${name.replace(/\.npy$/, "").replace(/[^\w.-]+/g, "_")}.npy`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), REVOKED_AFTER_MS);
}

async function valuesOf(tensor: FedTensor): Promise<Tensor> {
  const { shape, dtype } = tensor ?? {};
  if (!Array.isArray(shape) || typeof tensor.dataSync !== "function")
    throw new VernierError("usage.invalid", {
      reason: "saveInput takes a tensor: what is given to model.predict",
    });
  if (!isDType(dtype)) throw new VernierError("tensor.not-numeric", { dtype });
  const data = await read(tensor);
  if (data.length !== sizeOf(shape))
    throw new VernierError("tensor.shape", {
      expected: `[${shape.join(", ")}]`,
      received: `${data.length} values`,
    });
  return { shape, dtype, data };
}

/** At once, so that the tensor may be disposed of afterwards; WebGPU reads only in its own time. */
async function read(tensor: FedTensor): Promise<TensorData> {
  try {
    return tensor.dataSync();
  } catch (error) {
    if (tensor.data === undefined) throw error;
    return tensor.data();
  }
}
