/** @file `.npy` and `.npz` against files that NumPy wrote (`test/fixtures/make_npy.py`). */

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type DType, isDType } from "../tensor/dtype.ts";
import { sizeOf, type Tensor, type TensorData } from "../tensor/tensor.ts";
import { readNpy, writeNpy } from "./npy.ts";
import { readNpz, writeNpz } from "./npz.ts";
import { bytesSource } from "./source.ts";

const bytesOf = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`../../test/fixtures/npy/${name}`, import.meta.url)));
const read = (name: string): Tensor => readNpy(bytesOf(`${name}.npy`), name);
const codeOf = (call: () => unknown): string => {
  try {
    call();
    return "no error";
  } catch (error) {
    return (error as { code: string }).code;
  }
};

const KINDS: { [kind: string]: string } = { f: "float", i: "int", u: "uint" };
test.each(["f8", "f4", "f2", "i8", "i4", "i2", "i1", "u8", "u4", "u2", "u1"])(
  "%s in either byte order is what NumPy wrote, and what we write NumPy's header says",
  (kind) => {
    for (const order of ["le", "be"]) {
      const tensor = read(`${order}_${kind}`);
      const dtype = `${KINDS[kind[0] ?? ""]}${8 * Number(kind[1])}`;
      expect(isDType(dtype)).toBe(true);
      expect({ shape: tensor.shape, dtype: tensor.dtype }).toEqual({ shape: [2, 3], dtype });
      expect(Array.from(tensor.data, Number)).toEqual([0, 1, 2, 3, 4, 5]);
    }
    // Byte for byte what NumPy writes.
    expect(writeNpy(read(`le_${kind}`))).toEqual(bytesOf(`le_${kind}.npy`));
  },
);

test("Fortran order, strings, scalars, empty arrays, versions 2 and 3", () => {
  expect(read("fortran")).toEqual({
    shape: [2, 3, 4],
    dtype: "float32",
    data: Float32Array.from({ length: 24 }, (_, i) => i),
  });
  expect(read("unicode")).toEqual({ shape: [2, 2], dtype: "string", data: ["añb", "", "日本", "😀"] });
  expect(read("big_unicode").data).toEqual(["añb", "😀"]);
  expect(read("bytes").data).toEqual(["añb", "x"]);
  expect(read("scalar")).toEqual({ shape: [], dtype: "float32", data: Float32Array.of(2.5) });
  expect(read("empty").shape).toEqual([0, 3]);
  expect(read("bool")).toEqual({ shape: [2], dtype: "bool", data: Uint8Array.of(1, 0) });
  for (const version of ["version2", "version3"]) expect([...read(version).data]).toEqual([0, 1, 2]);
});

test("pickles, complex numbers and records are refused", () => {
  for (const name of ["object", "complex", "record"])
    expect(codeOf(() => read(name))).toBe("file.unsupported");
});

test("headers that lie are refused", () => {
  const good = bytesOf("le_f4.npy");
  // Byte for byte: TextDecoder's latin1 is windows-1252, since Node 22 in this as well.
  const text = String.fromCharCode(...good);
  const edited = (from: string, to: string): Uint8Array =>
    Uint8Array.from(text.replace(from, to), (c) => c.charCodeAt(0));
  expect(codeOf(() => readNpy(edited("(2, 3)", "(9, 9)"), "x"))).toBe("file.truncated");
  expect(codeOf(() => readNpy(edited("(2, 3), }       ", "(2, 300000000), }"), "x"))).toBe("file.truncated");
  expect(codeOf(() => readNpy(edited("(2, 3), }             ", "(2222222, 33333333), }"), "x"))).toBe(
    "file.limit",
  );
  expect(codeOf(() => readNpy(edited("'<f4'", "'<f3'"), "x"))).toBe("file.unsupported");
  expect(codeOf(() => readNpy(edited("(2, 3)", "(2,-3)"), "x"))).toBe("file.malformed");
  for (let length = 0; length < good.length; length++) {
    expect(["file.malformed", "file.truncated"]).toContain(
      codeOf(() => readNpy(good.subarray(0, length), "x")),
    );
  }
});

const CASES: { [D in DType]: TensorData } = {
  float64: Float64Array.of(1 / 3, -0),
  float32: Float32Array.of(1.5, Number.NaN),
  float16: Float32Array.of(65504, 2 ** -24),
  bfloat16: Float32Array.of(-3.140625, Number.POSITIVE_INFINITY),
  int64: BigInt64Array.of(-(2n ** 63n), 2n ** 53n + 1n),
  int32: Int32Array.of(-5, 7),
  int16: Int16Array.of(-5, 7),
  int8: Int8Array.of(-128, 127),
  uint64: BigUint64Array.of(2n ** 64n - 1n, 0n),
  uint32: Uint32Array.of(4294967295, 0),
  uint16: Uint16Array.of(65535, 0),
  uint8: Uint8Array.of(255, 0),
  bool: Uint8Array.of(1, 0),
  string: ["", "日本😀"],
};

describe("npz", () => {
  test("every dtype comes back as it was written, in the order it was written", async () => {
    const tensors = Object.entries(CASES).map(([dtype, data]) => {
      return [`layer/${dtype}`, { shape: [2], dtype: dtype as DType, data }] as const;
    });
    const npz = await readNpz(bytesSource(writeNpz(tensors), "x.npz"));
    expect(npz.names).toEqual(tensors.map(([name]) => name));
    for (const [name, tensor] of tensors) expect(await npz.read(name)).toEqual(tensor);
    expect(writeNpz(tensors)).toEqual(writeNpz(tensors));
  });

  test("what NumPy wrote is read, compressed or not", async () => {
    const stored = await readNpz(bytesSource(bytesOf("stored.npz"), "s"));
    expect(stored.names).toEqual(["x", "layer/0"]);
    expect([...(await stored.read("layer/0")).data]).toEqual([1n, 2n]);
    const deflated = await readNpz(bytesSource(bytesOf("deflated.npz"), "d"));
    expect(sizeOf((await deflated.read("x")).shape)).toBe(10_000);
    await expect(deflated.read("z")).rejects.toMatchObject({ code: "weights.missing" });
  });

  test("a member that inflates beyond its stated size, or whose checksum is wrong, is refused", async () => {
    const bytes = bytesOf("deflated.npz");
    const view = new DataView(bytes.buffer);
    const directory = bytes.findIndex(
      (_, i) => i + 4 <= bytes.length && view.getUint32(i, true) === 0x02014b50,
    );
    view.setUint32(directory + 24, 100, true);
    await expect((await readNpz(bytesSource(bytes, "d"))).read("x")).rejects.toMatchObject({
      code: "file.malformed",
    });
    view.setUint32(directory + 24, 2 ** 31, true);
    await expect((await readNpz(bytesSource(bytes, "d"))).read("x")).rejects.toMatchObject({
      code: "file.limit",
    });
    const stored = bytesOf("stored.npz");
    const one = stored.findIndex((b, i) => b === 0x80 && stored[i + 1] === 0x3f);
    stored[one + 1] = 0x40;
    await expect((await readNpz(bytesSource(stored, "s"))).read("x")).rejects.toMatchObject({
      code: "file.malformed",
    });
  });

  test("a zip cut anywhere is a typed error", async () => {
    const bytes = bytesOf("stored.npz");
    for (let length = 0; length < bytes.length; length += 7) {
      const source = bytesSource(bytes.subarray(0, length), "cut");
      await expect(readNpz(source)).rejects.toMatchObject({ code: "file.malformed" });
    }
  });
});
