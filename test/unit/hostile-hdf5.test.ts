/**
 * @file Hostile Keras files in HDF5: what would reach another file, has no end, or lies about its size. With the reader of
 * our own, and with the library that stands behind it. (`test/fixtures/make_hostile.py` makes the files.)
 */

import { describe, expect, test } from "vitest";
import { openHdf5, openHdf5InWorker } from "../../src/formats/hdf5.node.ts";
import { type Hdf5Group, writeHdf5 } from "../../src/formats/hdf5-writer.ts";
import { readKerasH5 } from "../../src/formats/keras-h5.ts";
import { readKerasWeights } from "../../src/formats/keras-weights.ts";
import { bytesSource } from "../../src/formats/source.ts";
import { filesOf } from "../generated/converted.ts";
import { fixtureBytes, readWhole, refusalOf } from "../refusal.ts";

const READERS = [
  ["our own reader", openHdf5],
  ["the library", openHdf5InWorker],
] as const;

describe.each(READERS)("%s", (reader, open) => {
  const weightsOf = async (bytes: Uint8Array): Promise<void> => {
    const file = await open(bytesSource(bytes, "x.h5"), { timeoutMs: 8_000 });
    try {
      const { weightGroups } = await readKerasH5(file);
      for (const { weights } of weightGroups) for (const weight of weights) await weight.read();
    } finally {
      await file.close();
    }
  };
  const variablesOf = async (bytes: Uint8Array): Promise<void> => {
    const file = await open(bytesSource(bytes, "x.weights.h5"), { timeoutMs: 8_000 });
    try {
      await readKerasWeights(file);
    } finally {
      await file.close();
    }
  };

  test.each([
    ["external-storage", "file.unsupported"],
    ["external-link", "file.unsupported"],
    ["virtual", "file.unsupported"],
    ["soft-loop", "file.malformed"],
    ["bomb", "file.limit"],
    ["unwritten", "file.limit"],
  ])("a kernel as %s is refused with %s, at its place", async (name, code) => {
    const refusal = await refusalOf(() => weightsOf(fixtureBytes(`hostile/${name}.h5`)));
    expect(refusal).toMatchObject({ code, where: "x.h5:/model_weights/dense_ü/dense_ü/kernel:0" });
  });

  test.each(["loops", "soft"])(
    "groups that hold themselves twice (%s) come to an end",
    async (name) => {
      const refusal = await refusalOf(() => variablesOf(fixtureBytes(`hostile/${name}.weights.h5`)));
      // The library counts soft links before we count groups.
      expect(refusal.code).toMatch(/^file\.(limit|malformed)$/);
    },
    60_000,
  );

  test("groups in groups in groups", async () => {
    const empty: Hdf5Group = { kind: "group", attributes: new Map(), children: new Map() };
    const root = Array.from({ length: 200 }).reduce<Hdf5Group>(
      (group) => ({ kind: "group", attributes: new Map(), children: new Map([["layers", group]]) }),
      empty,
    );
    const files = await filesOf([writeHdf5(root, "deep.h5")]);
    expect(await refusalOf(() => variablesOf(files.get("deep.h5") ?? new Uint8Array()))).toMatchObject({
      code: "file.limit",
      details: { limit: "the depth of an HDF5 path" },
    });
  });

  // The kernel's dataspace: 3 and 4 as 64-bit numbers.
  const dims = (a: bigint, b: bigint): Uint8Array => new Uint8Array(BigUint64Array.of(a, b).buffer);
  test.each([
    [2n ** 53n, 1n],
    [2n ** 63n, 1n],
    [2n ** 64n - 1n, 2n ** 64n - 1n],
    [2n ** 32n, 2n ** 32n],
    [2n ** 31n, 2n ** 31n],
    [-1n, -1n],
    [2n ** 40n, 4n],
    [0n, 2n ** 64n - 1n],
    [3n, 2n ** 20n],
  ])("a shape of [%d, %d]", async (a, b) => {
    const bytes = fixtureBytes("hdf5/keras.h5");
    let found = 0;
    for (let at = 0; ; found++) {
      at = Buffer.from(bytes).indexOf(dims(3n, 4n), at);
      if (at < 0) break;
      bytes.set(dims(a, b), at);
    }
    expect(found).toBeGreaterThan(0);
    const refusal = await refusalOf(() => weightsOf(bytes));
    expect(refusal.code).toMatch(/^file\.(limit|malformed|truncated|unsupported)$/);
    expect(refusal.where).toMatch(/^x\.h5/);
  });

  test("cut off at any length, it is refused", async () => {
    const whole = fixtureBytes("hdf5/keras.h5");
    const step = reader === "the library" ? 4_099 : 211;
    for (let length = 0; length < whole.length; length += step)
      expect((await refusalOf(() => weightsOf(whole.slice(0, length)))).code).toMatch(/^file\./);
  }, 60_000);
});

test.each(["external-storage", "external-link", "virtual", "bomb"])("%s, as a model", async (name) => {
  expect((await refusalOf(() => readWhole(fixtureBytes(`hostile/${name}.h5`)))).where).toContain("kernel:0");
});

test("groups with more ways down than there is time for", async () => {
  const bytes = fixtureBytes("hostile/diamonds.weights.h5");
  const refusal = await refusalOf(async () =>
    readKerasWeights(await openHdf5(bytesSource(bytes, "x.weights.h5"))),
  );
  expect(refusal).toMatchObject({ code: "file.limit", details: { limit: "the number of groups" } });
});
