/** @file What the HDF5 writer writes, read by our reader; h5py reads it in `test/oracle/`. */

import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { bytesOfFile, dataset, group, inPieces, randomTensor } from "../../test/hdf5-trees.ts";
import { randomFrom } from "../numerics/random.ts";
import { DTYPES } from "../tensor/dtype.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { openHdf5 } from "./hdf5.node.ts";
import type { Hdf5File } from "./hdf5.ts";
import { type Hdf5Group, pythonBytes, splitAttribute, writeHdf5 } from "./hdf5-writer.ts";
import type { TensorSource } from "./output.ts";
import { fileSource } from "./path.node.ts";
import { bytesSource } from "./source.ts";

async function reading<T>(root: Hdf5Group, use: (file: Hdf5File) => Promise<T>): Promise<T> {
  const output = writeHdf5(root, "written.h5");
  const bytes = await bytesOfFile(output);
  expect(bytes.length).toBe(output.sizeBytes);
  const file = await openHdf5(bytesSource(bytes, output.name));
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}

const float32 = (...values: number[]): Tensor => ({
  shape: [values.length],
  dtype: "float32",
  data: Float32Array.from(values),
});

test("tensors of every dtype and of rank 0 to 4 come back as they were, at hand or in pieces", async () => {
  const random = randomFrom(1);
  const tensors = DTYPES.flatMap((dtype) => [0, 1, 2, 3, 4].map((rank) => randomTensor(random, dtype, rank)));
  const empty: Tensor = { shape: [3, 0], dtype: "float16", data: new Float32Array() };
  const sources = [...tensors, empty].map((tensor, i) => ({
    name: `${tensor.dtype} ${i}`,
    tensor,
    source: i % 2 === 0 || tensor.dtype === "string" ? tensor : inPieces(tensor, 7),
  }));
  const children = sources.map(({ name, tensor, source }) => [
    name,
    dataset(source, tensor.dtype === "bfloat16" ? { dtype: "bfloat16" } : {}),
  ]);
  await reading(group(Object.fromEntries(children)), async (file) => {
    for (const { name, tensor } of sources) {
      const { shape, dtype, data } = await file.read(`/${name}`);
      expect({ shape, dtype, data: Array.from<unknown>(data) }, name).toEqual({
        ...tensor,
        data: Array.from<unknown>(tensor.data),
      });
    }
  });
});

test("a group of 2,000 children and one of none, names of many letters, groups 40 deep", async () => {
  const many = Array.from({ length: 2000 }, (_, i) => [`w${i}`, dataset(float32(i))] as const);
  let deep = group({ last: dataset(float32(7)) });
  for (let i = 0; i < 40; i++) deep = group({ g: deep });
  const root = group({ many: group(Object.fromEntries(many)), none: group(), 層·𝔡: deep });
  await reading(root, async (file) => {
    expect(await file.group("/many")).toHaveLength(2000);
    expect(await file.group("/none")).toEqual([]);
    for (const i of [0, 1, 10, 999, 1999])
      expect((await file.read(`/many/w${i}`)).data).toEqual(Float32Array.of(i));
    expect((await file.read(`/層·𝔡${"/g".repeat(40)}/last`)).data).toEqual(Float32Array.of(7));
  });
});

test("attributes come back: texts of 200 KB, lists, numbers, nothing", async () => {
  const names = Array.from({ length: 9000 }, (_, i) => `layer_${i}`);
  const parts = splitAttribute("names", names);
  const attributes = {
    model_config: pythonBytes("é".repeat(100_000)),
    keras_version: "3.15.1",
    empty: "",
    layer_names: ["a", "", "longer"],
    none: [],
    whole: 3,
    half: 0.5,
    truth: true,
    wide: 2n ** 60n,
    several: [1, 2],
    ключ: float32(1, 2),
    ...Object.fromEntries(parts),
  };
  expect(parts.map(([name, part]) => [name, part.length])).toEqual([
    ["names0", 4500],
    ["names1", 4500],
  ]);
  await reading(group({}, attributes), async (file) => {
    const read = async (name: string): Promise<unknown> => file.attribute("/", name);
    expect(await read("model_config")).toBe("é".repeat(100_000));
    expect(await read("keras_version")).toBe("3.15.1");
    expect(await read("empty")).toBe("");
    expect(await read("layer_names")).toEqual(["a", "", "longer"]);
    expect(await read("none")).toEqual([]);
    expect(await read("half")).toBe(0.5);
    expect(await read("ключ")).toEqual([1, 2]);
    expect([await read("whole"), await read("wide")].map(String)).toEqual(["3", String(2n ** 60n)]);
    expect([await read("names0"), await read("names1")].flat()).toEqual(names);
  });
});

test("pieces can be had again and are the same bytes", async () => {
  const output = writeHdf5(group({ w: dataset(inPieces(float32(1, 2, 3), 2), { a: "b" }) }), "twice.h5");
  expect(await bytesOfFile(output)).toEqual(await bytesOfFile(output));
});

test("offsets beyond 4 GiB: a small tensor after two of 3 GiB is found", async () => {
  const zeros = new Float32Array(2 ** 24);
  const source: TensorSource = {
    shape: [48, 2 ** 24],
    dtype: "float32",
    read: () => Promise.reject(new Error("too large")),
    async *pieces() {
      for (let i = 0; i < 48; i++) yield { shape: [zeros.length], dtype: "float32", data: zeros };
    },
  };
  const output = writeHdf5(
    group({ a1: dataset(source), a2: dataset(source), b: dataset(float32(1, 2)) }),
    "large.h5",
  );
  const folder = await mkdtemp(join(tmpdir(), "vernier-large-"));
  const path = join(folder, "large.h5");
  try {
    // Sparse: zeros are skipped.
    await using file = await open(path, "w");
    let at = 0;
    for await (const piece of output.pieces()) {
      if (piece.buffer !== zeros.buffer) await file.write(piece, 0, piece.length, at);
      at += piece.length;
    }
    expect(at).toBe(output.sizeBytes);
    expect(at).toBeGreaterThan(6 * 2 ** 30);
    const hdf5 = await openHdf5(await fileSource(path));
    expect((await hdf5.read("/b")).data).toEqual(Float32Array.of(1, 2));
    expect((await hdf5.dataset("/a2")).shape).toEqual([48, 2 ** 24]);
    await hdf5.close();
  } finally {
    await rm(folder, { recursive: true });
  }
});

test.each([
  { what: "too few", pieces: [float32(1, 2)] },
  { what: "too many", pieces: [float32(1, 2), float32(3, 4)] },
  { what: "another dtype", pieces: [{ ...float32(1, 2, 3), dtype: "float16" as const }] },
])("a source that gives $what elements is a bug that is told", async ({ pieces }) => {
  const source: TensorSource = {
    ...inPieces(float32(1, 2, 3), 3),
    async *pieces() {
      yield* pieces;
    },
  };
  const output = writeHdf5(group({ g: group({ w: dataset(source) }) }), "wrong.h5");
  await expect(bytesOfFile(output)).rejects.toMatchObject({ code: "internal", where: "wrong.h5/g/w" });
});

test("what HDF5 cannot hold is refused by name", () => {
  const w = dataset(float32(1));
  for (const name of ["a/b", ".", "", "a\0b", "\ud800"])
    expect(() => writeHdf5(group({ [name]: w }), "f.h5"), JSON.stringify(name)).toThrow(/HDF5 file/);
  expect(() => writeHdf5(group({}, { a: "b\0" }), "f.h5")).toThrow(/NUL/);
  expect(() => writeHdf5(group({}, { long: Array(9000).fill("layer_123") }), "f.h5")).toThrow(/too long/);
  expect(() => splitAttribute("a", ["x".repeat(64_513)])).toThrow(/64513 bytes/);
});
