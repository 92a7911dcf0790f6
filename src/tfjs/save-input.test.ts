/** @file What a page feeds is downloaded with its dtype and shape. */

import { afterEach, expect, test } from "vitest";
import { readNpy } from "../formats/npy.ts";
import { saveInput } from "./save-input.ts";

const tensor = (dtype: string, data: Float32Array | Int32Array | Uint8Array) => ({
  shape: [1, 2, 3],
  dtype,
  dataSync: () => data,
});

/** A page that keeps what it is made to download. */
function inAPage(): { name: string; blob: Blob | null } {
  const saved: { name: string; blob: Blob | null } = { name: "", blob: null };
  const link = {
    href: "",
    download: "",
    click: () => {
      saved.name = link.download;
    },
  };
  Object.assign(globalThis, { document: { createElement: () => link } });
  URL.createObjectURL = (blob) => {
    saved.blob = blob as Blob;
    return "blob:x";
  };
  return saved;
}

const { createObjectURL } = URL;
afterEach(() => {
  Reflect.deleteProperty(globalThis, "document");
  URL.createObjectURL = createObjectURL;
});

test.each([
  ["float32", Float32Array.of(0.1, -1, 2, 3, 4, 5)],
  ["int32", Int32Array.of(1, -2, 3, 4, 5, 6)],
  ["bool", Uint8Array.of(0, 1, 1, 0, 0, 1)],
])("a %s tensor is saved with every value, its dtype and its shape", async (dtype, data) => {
  const saved = inAPage();
  await saveInput(tensor(dtype, data), "my input");
  const bytes = new Uint8Array((await saved.blob?.arrayBuffer()) ?? new ArrayBuffer(0));
  expect(saved.name).toBe("my_input.npy");
  expect(readNpy(bytes, "saved")).toEqual({ shape: [1, 2, 3], dtype, data });
});

test("a backend that cannot read at once is waited for", async () => {
  const saved = inAPage();
  const refuse = (): never => {
    throw new Error("not on WebGPU");
  };
  await saveInput({
    ...tensor("float32", new Float32Array(6)),
    dataSync: refuse,
    data: async () => new Float32Array(6),
  });
  expect(saved.name).toBe("input.npy");
});

test("outside a page, and for what is no tensor, a typed error says what to do", async () => {
  await expect(saveInput(tensor("float32", new Float32Array(6)))).rejects.toMatchObject({
    code: "page.missing",
  });
  inAPage();
  await expect(saveInput([1, 2] as never)).rejects.toMatchObject({ code: "usage.invalid" });
  await expect(saveInput(tensor("complex64", new Float32Array(6)))).rejects.toMatchObject({
    code: "tensor.not-numeric",
  });
});
