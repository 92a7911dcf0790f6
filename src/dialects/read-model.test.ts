/** @file Models are read from bytes, blobs and sources as they are read from paths. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type BlobLike, blobSource } from "../formats/blob.ts";
import type { Model } from "../model/model.ts";
import { readModelPath } from "./read.node.ts";
import { readModel } from "./read-model.ts";

const fixtures = join(import.meta.dirname, "../../test/fixtures");
const bytesAt = (path: string): Uint8Array<ArrayBuffer> => new Uint8Array(readFileSync(join(fixtures, path)));
const contents = async ({ layers }: Model): Promise<unknown[]> =>
  Promise.all(
    layers.map(async ({ path, layer, weights }) => [
      path,
      layer.config,
      await Promise.all(weights.map(async ({ read }) => (await read()).data)),
    ]),
  );

test.each(["keras2/cnn-residual.h5", "keras3/nested.h5", "keras-files/keras3/trained.keras"])(
  "%s is the same model from bytes, from a Blob and from its path, with the same checksum",
  async (path) => {
    const bytes = bytesAt(path);
    await using expected = await readModelPath(join(fixtures, path));
    for (const data of [bytes, new Blob([bytes])]) {
      await using opened = await readModel(data);
      expect(await contents(opened.model)).toEqual(await contents(expected.model));
      expect(opened).toMatchObject({ path: "model", format: expected.format });
      expect(await opened.sha256()).toBe(await expected.sha256());
    }
  },
);

test("a source and a page's File keep their own names in what is said", async () => {
  const broken = new File([bytesAt("keras2/mlp.h5").subarray(0, 1000)], "mlp.h5");
  await expect(readModel(broken)).rejects.toMatchObject({ code: "file.truncated", where: "mlp.h5" });
  const source = blobSource(broken, "from-elsewhere.h5");
  await expect(readModel(source)).rejects.toMatchObject({ where: "from-elsewhere.h5" });
  await expect(readModel(source, { name: "given.h5" })).rejects.toMatchObject({ where: "from-elsewhere.h5" });
});

test("weight files beside a model.json are asked for by name and not read before a weight is", async () => {
  let bytesRead = 0;
  const counted = (blob: Blob): BlobLike => ({
    size: blob.size,
    slice: (start, end) => counted(blob.slice(start, end)),
    arrayBuffer() {
      bytesRead += blob.size;
      return blob.arrayBuffer();
    },
  });
  const asked: string[] = [];
  await using opened = await readModel(bytesAt("tfjs/cnn-residual/model.json"), {
    openBeside(path) {
      asked.push(path);
      return counted(new Blob([bytesAt(`tfjs/cnn-residual/${path}`)]));
    },
  });
  // Three tell that it is not compressed.
  expect({ asked, bytesRead }).toEqual({ asked: ["group1-shard1of1.bin"], bytesRead: 3 });
  const weight = opened.model.layers.flatMap(({ weights }) => weights)[0];
  const { data } = (await weight?.read()) ?? {};
  expect((data as Float32Array).byteLength).toBe(bytesRead - 3);
});

test("a model.json alone says that its weight files are missing", async () => {
  const alone = readModel(bytesAt("tfjs/mlp/model.json"));
  await expect(alone.then(({ model }) => contents(model))).rejects.toMatchObject({
    code: "file.unreadable",
    message: expect.stringContaining("group1-shard1of1.bin"),
  });
});

test("weights alone are put into the architecture that is given beside them, and refused without", async () => {
  const weights = bytesAt("keras-files/keras3/wrapped.weights.h5");
  await expect(readModel(weights)).rejects.toMatchObject({ code: "file.unsupported" });
  const architecture = bytesAt("keras-files/keras3/wrapped.json");
  await using opened = await readModel(weights, { architecture });
  await using whole = await readModel(bytesAt("keras-files/keras3/wrapped.keras"));
  expect(await contents(opened.model)).toEqual(await contents(whole.model));
});

test("HDF5 outside the classic layout is refused with the way out", async () => {
  await expect(readModel(bytesAt("hdf5/latest.h5"))).rejects.toMatchObject({
    code: "file.unsupported",
    hint: expect.stringContaining("on the command line"),
  });
});
