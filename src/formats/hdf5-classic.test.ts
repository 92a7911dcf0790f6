/** @file The HDF5 reader of our own, alone: `test/fixtures/make_hdf5.py` says what is in its files. */

import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isVernierError } from "../base/errors.ts";
import type { Hdf5File } from "./hdf5.ts";
import { openClassicHdf5 } from "./hdf5-classic.ts";
import { blocksOf } from "./hdf5-classic-blocks.ts";
import { bytesSource, type Source } from "./source.ts";

async function fixture(name: string): Promise<Uint8Array> {
  return new Uint8Array(await readFile(new URL(`../../test/fixtures/hdf5/${name}`, import.meta.url)));
}

const codeOf = (reading: Promise<unknown>): Promise<string> =>
  reading.then(
    () => "no error",
    (error: unknown) => (isVernierError(error) ? error.code : String(error)),
  );

const VALUES = Array.from({ length: 210 }, (_, i) => i);

describe("what only the classic layout has", () => {
  let file: Hdf5File;
  beforeAll(async () => {
    file = await openClassicHdf5(bytesSource(await fixture("classic.h5"), "classic.h5"));
  });
  afterAll(() => file.close());

  test("a group of several nodes lists and finds what was not deleted", async () => {
    const names = Array.from({ length: 40 }, (_, i) => i).filter((i) => i < 5 || (i - 5) % 7 !== 0);
    expect(await file.group("/wide")).toEqual([...names.map((i) => `n${String(i).padStart(2, "0")}`), "to"]);
    for (const i of names) expect((await file.read(`/wide/n${String(i).padStart(2, "0")}`)).data[0]).toBe(i);
    expect(await file.kindOf("/wide/n05")).toBeNull();
    expect(await codeOf(file.read("/wide/n05"))).toBe("file.malformed");
  });

  test("soft links are followed, from where they are and from the root", async () => {
    expect([...(await file.read("/wide/to")).data]).toEqual([3, 4, 5]);
    expect([...(await file.read("/größe/absolute")).data]).toEqual([1, 2, 3]);
    expect([...(await file.read("/größe/é")).data]).toEqual([0, 1, 2, 3]);
    expect(await codeOf(file.kindOf("/größe/out"))).toBe("file.unsupported");
  });

  test.each(["tree", "gzip", "shuffle", "sum", "all"])("chunks: %s", async (name) => {
    expect(await file.read(`/chunks/${name}`)).toEqual({
      shape: [70, 3],
      dtype: "float32",
      data: Float32Array.from(VALUES),
    });
    const part = await file.read(`/chunks/${name}`, [
      [31, 2],
      [1, 2],
    ]);
    expect([...part.data]).toEqual([94, 95, 97, 98]);
  });

  test("what was never written has the fill value", async () => {
    expect([...(await file.read("/chunks/never")).data]).toEqual([3, 3, 3, 3, 3]);
    const gaps: number[] = Array(81).fill(7);
    gaps[5 * 9 + 5] = 1;
    gaps[5 * 9 + 6] = 2;
    gaps[6 * 9 + 5] = 3;
    gaps[6 * 9 + 6] = 4;
    expect([...(await file.read("/chunks/gaps")).data]).toEqual(gaps);
  });

  test("compact data, strings in chunks, attributes in several blocks", async () => {
    const compact = { shape: [2, 3], dtype: "int16", data: Int16Array.of(1, 2, 3, 4, 5, -6) };
    expect(await file.read("/compact")).toEqual(compact);
    expect((await file.read("/chunks/words")).data).toEqual(
      Array(5)
        .fill(["", "añb", "x".repeat(40)])
        .flat(),
    );
    expect(await file.attributeNames("/")).toHaveLength(25);
    expect(await file.attribute("/", "a24")).toBe("text 24");
    expect(await file.attribute("/", "a23")).toEqual([23, 23, 23]);
    expect(await codeOf(file.attribute("/größe", "complex"))).toBe("file.unsupported");
  });

  test.each([1, 50, 1000, undefined])(
    "pieces of %s bytes are the elements in their order",
    async (maxBytes) => {
      for (const path of ["/chunks/all", "/chunks/words", "/compact", "/wide/n03", "/größe/é"]) {
        const pieces: unknown[] = [];
        let largest = 0;
        for await (const { shape, data } of file.pieces(path, maxBytes)) {
          expect(shape).toEqual([data.length]);
          largest = Math.max(largest, data.length);
          pieces.push(...data);
        }
        expect(pieces).toEqual([...(await file.read(path)).data]);
        if (maxBytes === 1) expect(largest).toBe(1);
      }
    },
  );
});

/** A source that says what is read of it. */
function counted(bytes: Uint8Array): { source: Source; reads: [offset: number, length: number][] } {
  const source = bytesSource(bytes, "x.h5");
  const reads: [number, number][] = [];
  const read = (offset: number, length: number): Promise<Uint8Array> => {
    reads.push([offset, length]);
    return source.read(offset, length);
  };
  return { source: { ...source, read }, reads };
}

test("metadata is read in pages, once; what is asked of one object costs nothing of the others", async () => {
  const bytes = new Uint8Array(2 ** 22);
  bytes.set(await fixture("keras.h5"));
  const { source, reads } = counted(bytes);
  const file = await openClassicHdf5(source);
  for (let i = 0; i < 3; i++) await file.attribute("/", "keras_version");
  await file.read("/model_weights/dense_ü/dense_ü/kernel:0");
  expect(reads.reduce((sum, [, length]) => sum + length, 0)).toBeLessThan(2 * 65_536);
});

test("a page that many wait for is read once", async () => {
  const { source, reads } = counted(new Uint8Array(2 ** 18).map((_, i) => i));
  const blocks = blocksOf(source, 2 ** 18);
  const read = await Promise.all([0, 16, 32].map((offset) => blocks.data(2 ** 17 + offset, 16)));
  expect(read.map(([first]) => first)).toEqual([0, 16, 32]);
  expect(reads).toHaveLength(1);
});

test("a tensor is the caller's own, even when the file is in memory", async () => {
  const bytes = await fixture("dtypes.h5");
  const file = await openClassicHdf5(bytesSource(bytes, "x.h5"));
  const { data } = await file.read("/le_f8");
  (data as Float64Array).fill(99);
  expect([...(await file.read("/le_f8")).data].slice(2, 4)).toEqual([1.5, -2.25]);
});

describe("outside the subset", () => {
  const pretended = {
    name: "other",
    kindOf: async () => "group",
    attribute: async () => "from the other reader",
    group: async () => ["asked the other reader"],
    closed: 0,
    async close() {
      this.closed++;
    },
  };

  test("a newer file is another reader's from the start, and unsupported without one", async () => {
    const latest = await fixture("latest.h5");
    const other = pretended as unknown as Hdf5File;
    expect(await openClassicHdf5(bytesSource(latest, "x.h5"), async () => other)).toBe(other);
    expect(await codeOf(openClassicHdf5(bytesSource(latest, "x.h5")))).toBe("file.unsupported");
  });

  test("a file that turns out to be outside goes to the other reader once, and stays there", async () => {
    let opened = 0;
    const other = { ...pretended };
    const file = await openClassicHdf5(bytesSource(await fixture("hostile.h5"), "x.h5"), async () => {
      opened++;
      return other as unknown as Hdf5File;
    });
    expect(await file.attributeNames("/")).toEqual([]);
    expect(opened).toBe(0);
    expect(await file.group("/")).toEqual(["asked the other reader"]);
    expect(await file.attribute("/", "x")).toBe("from the other reader");
    await file.close();
    expect({ opened, closed: other.closed }).toEqual({ opened: 1, closed: 1 });
    expect(await codeOf(file.group("/"))).toBe("internal");
  });
});

describe("damage is refused here, and never handed on", () => {
  const never = (): Promise<Hdf5File> => Promise.reject(new Error("handed on"));
  const opened = async (change: (bytes: Uint8Array, view: DataView) => void): Promise<Hdf5File> => {
    const bytes = await fixture("classic.h5");
    change(bytes, new DataView(bytes.buffer));
    return openClassicHdf5(bytesSource(bytes, "x.h5"), never);
  };
  /** Where `letters` stand for the nth time. */
  const placeOf = (bytes: Uint8Array, letters: string, nth = 0): number => {
    const text = new TextDecoder("latin1").decode(bytes);
    let at = -1;
    for (let i = 0; i <= nth; i++) at = text.indexOf(letters, at + 1);
    expect(at).toBeGreaterThan(0);
    return at;
  };

  test("an object header whose next block is itself", async () => {
    const file = opened((bytes, view) => {
      const root = Number(view.getBigUint64(64, true));
      const message = placeOf(bytes.subarray(root), "\x10\0\x10\0\0\0\0\0");
      view.setBigUint64(root + message + 8, BigInt(root + 16), true);
    });
    expect(await codeOf(file)).toBe("file.malformed");
  });

  test("a chunk tree whose child is itself", async () => {
    const file = await opened((bytes, view) => {
      const tree = placeOf(bytes, "TREE\x01\x01");
      view.setBigUint64(tree + 24 + 32, BigInt(tree), true);
    });
    expect(await codeOf(file.read("/chunks/tree"))).toBe("file.malformed");
    expect([...(await file.read("/chunks/gzip")).data]).toEqual(VALUES);
  });

  test("one bit of a chunk with a checksum", async () => {
    const file = await opened((bytes, view) => {
      // Of the fifth leaf in the file, that of the dataset with nothing but fletcher32: its first chunk.
      const tree = placeOf(bytes, "TREE\x01\0", 4);
      const chunk = Number(view.getBigUint64(tree + 24 + 32, true));
      bytes[chunk + 5] = (bytes[chunk + 5] ?? 0) ^ 4;
    });
    expect(await codeOf(file.read("/chunks/sum"))).toBe("file.malformed");
  });

  test("an address beyond the file, and a file that ends before its end", async () => {
    const bytes = await fixture("classic.h5");
    new DataView(bytes.buffer).setBigUint64(64, 2n ** 63n, true);
    expect(await codeOf(openClassicHdf5(bytesSource(bytes, "x.h5"), never))).toBe("file.malformed");
    const cut = (await fixture("classic.h5")).slice(0, 50_000);
    expect(await codeOf(openClassicHdf5(bytesSource(cut, "x.h5"), never))).toBe("file.truncated");
  });
});
