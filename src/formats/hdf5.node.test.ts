/** @file The HDF5 reader on files written by h5py (`test/fixtures/make_hdf5.py`) and on damaged ones. */

import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isVernierError } from "../base/errors.ts";
import { openHdf5, openHdf5InWorker } from "./hdf5.node.ts";
import type { Hdf5File } from "./hdf5.ts";
import { bytesSource, type Source } from "./source.ts";

const fixture = (name: string): string =>
  fileURLToPath(new URL(`../../test/fixtures/hdf5/${name}`, import.meta.url));

async function fixtureSource(name: string): Promise<Source> {
  return bytesSource(new Uint8Array(await readFile(fixture(name))), name);
}

const codeOf = (reading: Promise<unknown>): Promise<string> =>
  reading.then(
    () => "no error",
    (error: unknown) => (isVernierError(error) ? error.code : String(error)),
  );

const READERS = [
  ["the reader of our own", openHdf5],
  ["the library", openHdf5InWorker],
] as const;

describe.each(READERS)("every dtype, by %s", (_, open) => {
  let file: Hdf5File;
  beforeAll(async () => {
    file = await open(await fixtureSource("dtypes.h5"));
  });
  afterAll(() => file.close());

  const FLOATS = { f8: "float64", f4: "float32", f2: "float16" } as const;
  test.each(Object.entries(FLOATS))(
    "%s is %s in either byte order, edge values included",
    async (short, dtype) => {
      const little = await file.read(`/le_${short}`);
      const big = await file.read(`/be_${short}`);
      expect(little.dtype).toBe(dtype);
      expect(little.shape).toEqual([2, 5]);
      expect(big).toEqual(little);
      const [zero, minusZero, a, b, max, tiny, subnormal, ...special] = little.data as Float64Array;
      expect([zero, minusZero, a, b]).toEqual([0, -0, 1.5, -2.25]);
      expect(special).toEqual([Infinity, -Infinity, NaN]);
      const edges = {
        f8: [Number.MAX_VALUE, 2 ** -1022, 2 ** -1074],
        f4: [(2 - 2 ** -23) * 2 ** 127, 2 ** -126, 2 ** -149],
        f2: [65504, 2 ** -14, 2 ** -24],
      }[short];
      expect([max, tiny, subnormal]).toEqual(edges);
    },
  );

  const INTEGERS = ["i8", "i4", "i2", "i1", "u8", "u4", "u2", "u1"];
  test.each(INTEGERS)("integers of type %s keep their least and largest value", async (short) => {
    const bits = 8 * Number(short[1]);
    const signed = short[0] === "i";
    const little = await file.read(`/le_${short}`);
    expect(little.dtype).toBe(`${signed ? "int" : "uint"}${bits}`);
    const [least, largest, ...rest] = Array.from(little.data as Int32Array, String);
    expect(least).toBe(String(signed ? -(2n ** BigInt(bits - 1)) : 0n));
    expect(largest).toBe(String(2n ** BigInt(signed ? bits - 1 : bits) - 1n));
    expect(rest).toEqual(["0", "1", "2", "3", "5", "7", "11", "13"]);
    expect(await file.read(`/be_${short}`)).toEqual(little);
  });

  test("h5py's bool, Keras's bfloat16, strings, scalars and empty arrays are read", async () => {
    expect(await file.read("/bool")).toEqual({ shape: [3], dtype: "bool", data: Uint8Array.of(1, 0, 1) });
    const bfloat16 = await file.read("/bfloat16");
    expect(bfloat16.dtype).toBe("bfloat16");
    expect([...bfloat16.data]).toEqual([0, 1, -3.140625, Infinity, 2 ** -133, NaN]);
    expect((await file.read("/vlen_strings")).data).toEqual(["añb", "", "日本"]);
    expect((await file.read("/fixed_strings")).data).toEqual(["añb", "", "xy"]);
    expect(await file.read("/scalar")).toEqual({ shape: [], dtype: "float32", data: Float32Array.of(2.5) });
    expect(await file.read("/empty_extent")).toEqual({
      shape: [0, 4],
      dtype: "float32",
      data: new Float32Array(),
    });
    expect([...(await file.read("/never_written")).data]).toEqual(new Array(12).fill(2));
  });

  test("a chunked, compressed dataset reads whole and in parts", async () => {
    const whole = await file.read("/chunked");
    expect([...whole.data]).toEqual(Array.from({ length: 600 }, (_, i) => i));
    const part = await file.read("/chunked", [
      [5, 2],
      [18, 2],
    ]);
    expect(part).toEqual({ shape: [2, 2], dtype: "float32", data: Float32Array.of(118, 119, 138, 139) });
    expect(
      await codeOf(
        file.read("/chunked", [
          [29, 2],
          [0, 1],
        ]),
      ),
    ).toBe("tensor.shape");
  });

  test("pieces are the elements in their order, numbers and strings, whatever their size", async () => {
    for (const path of [
      "/chunked",
      "/be_f4",
      "/vlen_strings",
      "/scalar",
      "/empty_extent",
      "/never_written",
    ]) {
      const whole = await file.read(path);
      for (const maxBytes of [1, 100, 2 ** 20]) {
        const elements: unknown[] = [];
        for await (const { shape, dtype, data } of file.pieces(path, maxBytes)) {
          expect({ shape, dtype }).toEqual({ shape: [data.length], dtype: whole.dtype });
          elements.push(...data);
        }
        expect(elements).toEqual([...whole.data]);
      }
    }
  });

  test("what has no exact element type of ours is refused", async () => {
    expect(await codeOf(file.read("/complex"))).toBe("file.unsupported");
    expect(await codeOf(file.read("/opaque"))).toBe("file.unsupported");
    expect(await codeOf(file.read("/null_space"))).toBe("file.unsupported");
    expect(await codeOf(file.read("/absent"))).toBe("file.malformed");
    expect(await codeOf(file.group("/scalar"))).toBe("file.malformed");
  });

  test("attributes come as h5py shows them, UTF-8 under an ASCII tag included", async () => {
    const expected = {
      text: "añb",
      bytes: "añb",
      names: ["conv2d_ü/kernel:0", "b"],
      vlen_names: ["conv2d_ü", "b"],
      padded: ["ab", "abcd"],
      integer: 2n ** 53n + 1n,
      small: 7,
      real: 0.1,
      reals: [1.5, 2.5],
      flag: true,
      none: null,
      no_names: [],
      absent: null,
    };
    for (const [name, value] of Object.entries(expected)) {
      expect({ [name]: await file.attribute("/attrs", name) }).toEqual({ [name]: value });
    }
    expect([...(await file.attributeNames("/attrs"))].sort()).toEqual(
      Object.keys(expected)
        .filter((n) => n !== "absent")
        .sort(),
    );
  });

  test("errors name the file and the path", async () => {
    await expect(file.read("/complex")).rejects.toMatchObject({ where: "dtypes.h5:/complex" });
  });
});

test("the newest file layout (superblock 3, dense attributes and links) is read", async () => {
  const file = await openHdf5(await fixtureSource("latest.h5"));
  expect(await file.attribute("/", "a17")).toBe(17n);
  expect(await file.group("/group")).toHaveLength(20);
  expect([...(await file.read("/group/d07")).data]).toEqual([7, 7]);
  expect([...(await file.read("/chunked")).data]).toEqual(Array.from({ length: 64 }, (_, i) => i));
  expect([...(await file.read("/growing")).data]).toEqual(Array.from({ length: 10 }, (_, i) => i));
  await file.close();
});

test("a file on disk is read by position, and a part of a file too", async () => {
  const path = fixture("keras.h5");
  const bytes = await readFile(path);
  const origin = { kind: "file" as const, path, offset: 0, sizeBytes: bytes.length };
  const file = await openHdf5({ ...bytesSource(bytes, path), origin });
  expect(await file.attribute("/", "backend")).toBe("tensorflow");
  await file.close();
});

describe("hostile files", () => {
  let file: Hdf5File;
  beforeAll(async () => {
    file = await openHdf5(await fixtureSource("hostile.h5"));
  });
  afterAll(() => file.close());

  test.each([
    ["external_storage", "file.unsupported"],
    ["virtual", "file.unsupported"],
    ["external_link", "file.unsupported"],
    ["broken", "file.unsupported"],
    ["loop", "file.malformed"],
    ["inner/up/loop", "file.malformed"],
    ["bomb", "file.limit"],
    ["unwritten", "file.limit"],
  ])("%s is refused with %s, and the file stays readable", async (path, code) => {
    expect(await codeOf(file.read(`/${path}`))).toBe(code);
    expect([...(await file.read("/good")).data]).toEqual([0, 1, 2]);
  });

  test("a link inside the file is followed", async () => {
    expect([...(await file.read("/soft")).data]).toEqual([0, 1, 2]);
  });

  test("a group that contains itself is walked only as deep as asked, to a limit", async () => {
    expect(await file.kindOf("/inner/up/inner/up/good")).toBe("dataset");
    expect(await codeOf(file.kindOf("/inner/up".repeat(100)))).toBe("file.limit");
  });
});

test("what is no HDF5 file is refused, whatever its length; one that is cut off is said to be", async () => {
  const bytes = new Uint8Array(await readFile(fixture("keras.h5")));
  const codeFor = (damaged: Uint8Array): Promise<string> => codeOf(openHdf5(bytesSource(damaged, "x.h5")));
  for (const length of [0, 7]) expect(await codeFor(bytes.slice(0, length))).toBe("file.malformed");
  expect(await codeFor(new Uint8Array(5000))).toBe("file.malformed");
  for (const length of [20, 95, 600])
    expect(await codeFor(bytes.slice(0, length))).toMatch(/file.(truncated|malformed)/);
  expect(await codeFor(bytes.slice(0, 600))).toBe("file.truncated");
});

test("reading after closing is our own bug, and said so", async () => {
  const file = await openHdf5(await fixtureSource("keras.h5"));
  await file.close();
  expect(await codeOf(file.attribute("/", "backend"))).toBe("internal");
});
