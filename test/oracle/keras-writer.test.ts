/**
 * @file Real Keras 3 and tf_keras load what the HDF5 and zip writers write: weights bit for bit, predictions equal to
 * those of the file that was copied.
 */

import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { openHdf5 } from "../../src/formats/hdf5.node.ts";
import { type Hdf5Group, splitAttribute, writeHdf5 } from "../../src/formats/hdf5-writer.ts";
import type { OutputFile } from "../../src/formats/output.ts";
import { bytesSource, type Source } from "../../src/formats/source.ts";
import { openZipMember, readZipDirectory, readZipMember } from "../../src/formats/zip.ts";
import { zipOf } from "../../src/formats/zip-writer.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { bytesOfFile, copyOf, dataset, group } from "../hdf5-trees.ts";

const PYTHON = process.env["VERNIER_PYTHON"] ?? "";
if (PYTHON === "") console.log("skipped: no Python with Keras (scripts/setup-keras makes one)");

const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));

test.skipIf(PYTHON === "")("Keras 3 and tf_keras load what is written", { timeout: 180_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "vernier-keras-"));
  const written = async (output: OutputFile): Promise<string> => {
    const path = join(folder, output.name);
    await writeFile(path, await bytesOfFile(output));
    return path;
  };
  // Names of equal and of different lengths; as many as need one, two and three parts.
  const lists = [10, 4032, 4033, 9000].map((count) =>
    Array.from({ length: count }, (_, i) => `layer_${String(i).padStart(10, "0")}`),
  );
  const copies = [
    { original: fixture("keras3/cnn-residual.h5"), by: "keras" },
    { original: fixture("keras3/nested.h5"), by: "keras" },
    { original: fixture("keras2/nested.h5"), by: "tf_keras" },
    { original: fixture("keras2/embedding-lstm.h5"), by: "tf_keras" },
    { original: fixture("keras3/mlp.keras"), by: "keras" },
  ];
  const pairs = await Promise.all(
    copies.map(async ({ original, by }, i) => {
      const source = bytesSource(new Uint8Array(await readFile(original)), original);
      const copy = original.endsWith(".keras")
        ? await copyOfArchive(source, `${i}.keras`)
        : writeHdf5(await copyOfFile(source), `${i}.h5`);
      return [
        ["model", original, by],
        ["model", await written(copy), by],
      ];
    }),
  );
  const [loaded, ...rest] = await ask([
    ["weights", await written(writeHdf5(keras2Weights(), "by-hand.h5"))],
    ...lists.map((list) => ["split", list]),
    ...pairs.flat(),
  ]);
  expect(loaded).toEqual({ keras: BY_HAND.map(nested), tf_keras: BY_HAND.map(nested) });
  expect(rest.splice(0, lists.length)).toEqual(
    lists.map((list) => splitAttribute("names", list).map(([name, part]) => [name, part.length])),
  );
  copies.forEach(({ original }, i) => {
    expect(rest[2 * i], original).toHaveProperty("weights");
    expect(rest[2 * i + 1], original).toEqual(rest[2 * i]);
  });
  await rm(folder, { recursive: true });
});

const BY_HAND: readonly Tensor[] = [
  { shape: [3, 2], dtype: "float32", data: Float32Array.of(1, 2, 3, 4, 5, 6) },
  { shape: [2], dtype: "float32", data: Float32Array.of(-0.5, 2 ** -149) },
  { shape: [2, 1], dtype: "float32", data: Float32Array.of(0.25, -8) },
  { shape: [1], dtype: "float32", data: Float32Array.of(3) },
];

const nested = ({ shape, data }: Tensor): unknown => {
  const values = Array.from(data as Float32Array);
  const [rows = 0, columns] = shape;
  return columns === undefined
    ? values
    : Array.from({ length: rows }, (_, i) => values.slice(i * columns, (i + 1) * columns));
};

/** As Keras 2.3 with h5py 2 wrote it: lists of fixed-length strings, names with ":0". */
function keras2Weights(): Hdf5Group {
  const layer = (name: string, kernel: Tensor, bias: Tensor): Hdf5Group =>
    group(
      { [name]: group({ "kernel:0": dataset(kernel), "bias:0": dataset(bias) }) },
      { weight_names: [`${name}/kernel:0`, `${name}/bias:0`] },
    );
  const [kernelA, biasA, kernelB, biasB] = BY_HAND as [Tensor, Tensor, Tensor, Tensor];
  // The order of the layers is that of layer_names, not that of the groups.
  return group(
    { b: layer("b", kernelB, biasB), a: layer("a", kernelA, biasA) },
    { layer_names: ["a", "b"], backend: "tensorflow", keras_version: "2.3.1" },
  );
}

async function copyOfFile(source: Source): Promise<Hdf5Group> {
  const file = await openHdf5(source);
  try {
    return await copyOf(file);
  } finally {
    await file.close();
  }
}

/** Every member as it is, but the weights, which are written anew. */
async function copyOfArchive(source: Source, name: string): Promise<OutputFile> {
  const files: OutputFile[] = [];
  for (const member of (await readZipDirectory(source)).values()) {
    if (member.name.endsWith(".h5")) {
      files.push(writeHdf5(await copyOfFile(await openZipMember(source, member)), member.name));
      continue;
    }
    const bytes = await readZipMember(source, member);
    files.push({
      name: member.name,
      sizeBytes: bytes.length,
      async *pieces() {
        yield bytes;
      },
    });
  }
  return zipOf(files, name);
}

async function ask(questions: readonly (readonly unknown[])[]): Promise<unknown[]> {
  const script = fileURLToPath(new URL("load_keras.py", import.meta.url));
  const python = spawn(PYTHON, [script], { stdio: ["pipe", "pipe", "pipe"] });
  const errors = text(python.stderr);
  python.stdin.end(questions.map((question) => `${JSON.stringify(question)}\n`).join(""));
  const lines = (await text(python.stdout)).trimEnd().split("\n");
  expect(lines.length, (await errors).slice(-2000)).toBe(questions.length);
  return lines.map((line) => JSON.parse(line) as unknown);
}
