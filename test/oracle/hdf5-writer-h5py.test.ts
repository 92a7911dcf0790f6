/**
 * @file h5py and Python's zipfile as the independent readers of what we write: types, shapes, values and attributes
 * of generated trees are what was given, and the types are those that h5py itself chooses.
 * `VERNIER_SEED` is the first seed.
 */

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BYTES_PER_ELEMENT, type NumericDType, tensorFromBytes } from "../../src/formats/elements.ts";
import type { Hdf5AttributeValue, Hdf5Dataset, Hdf5Group } from "../../src/formats/hdf5-writer.ts";
import { pythonBytes, splitAttribute, writeHdf5 } from "../../src/formats/hdf5-writer.ts";
import type { OutputFile } from "../../src/formats/output.ts";
import { zipOf } from "../../src/formats/zip-writer.ts";
import { DTYPES, type DType } from "../../src/tensor/dtype.ts";
import type { Shape, Tensor } from "../../src/tensor/tensor.ts";
import { bytesOfFile, dataset, group, randomTree } from "../hdf5-trees.ts";

const PYTHON = process.env["VERNIER_PYTHON"] ?? "";
if (PYTHON === "") console.log("skipped: no Python with h5py (scripts/setup-keras makes one)");
const FIRST = Number(process.env["VERNIER_SEED"] ?? 1);
const TREES = 64;

/** As NumPy spells them; bfloat16 is opaque. */
const NUMPY: { readonly [D in DType]: string } = {
  float64: "<f8",
  float32: "<f4",
  float16: "<f2",
  bfloat16: "|V2",
  int64: "<i8",
  int32: "<i4",
  int16: "<i2",
  int8: "|i1",
  uint64: "<u8",
  uint32: "<u4",
  uint16: "<u2",
  uint8: "|u1",
  bool: "|b1",
  string: "string variable nul-terminated utf-8",
};

type Described = readonly [type: string, shape: Shape, value: string | readonly string[]];
type Objects = { [path: string]: { attributes: { [name: string]: Described }; data?: Described } };

describe.skipIf(PYTHON === "")("h5py", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "vernier-written-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  async function written(output: OutputFile): Promise<string> {
    const path = join(folder, output.name);
    await writeFile(path, await bytesOfFile(output));
    return path;
  }

  test(`reads ${TREES} generated trees and four large ones as they were given`, async () => {
    const trees = [...Array.from({ length: TREES }, (_, i) => randomTree(FIRST + i)), ...largeTrees()];
    const paths = await Promise.all(trees.map((tree, i) => written(writeHdf5(tree, `${i}.h5`))));
    const answers = await ask(paths.map((path) => ["describe", path]));
    expect(answers).toHaveLength(trees.length);
    let objects = 0;
    for (const [i, tree] of trees.entries()) {
      const expected = await describeTree(tree);
      objects += Object.keys(expected).length;
      expect(answers[i], `tree ${i}, seed ${FIRST + i}`).toEqual(expected);
    }
    // The large ones alone have 10,200; seed 1 has 1,300 in its trees.
    expect(objects).toBeGreaterThan(11_000);
  });

  test("itself gives the same types to the same values", async () => {
    const zeros = (dtype: NumericDType): Tensor =>
      tensorFromBytes(new Uint8Array(6 * BYTES_PER_ELEMENT[dtype]), { shape: [2, 3], dtype });
    const numeric = DTYPES.filter((dtype) => dtype !== "string");
    // NumPy's word for the type of bfloat16.
    const nameOf = (dtype: DType): string => (dtype === "bfloat16" ? "void16" : dtype);
    const root = group(
      {
        ...Object.fromEntries(numeric.map((dtype) => [nameOf(dtype), dataset(zeros(dtype))])),
        strings: dataset({ shape: [2], dtype: "string", data: ["a", "é"] }),
      },
      {
        str: "3.15.1",
        "empty str": "",
        bytes: pythonBytes('{"a": "é"}'),
        S: ["a", "bcd", "é"],
        "empty list": [],
        int: 3,
        float: 0.5,
        bool: true,
        ints: [1, 2],
        floats: [0.5, 2],
      },
    );
    const path = await written(writeHdf5(root, "ours.h5"));
    const [ours, theirs] = await ask([
      ["describe", path],
      ["reference", join(folder, "theirs.h5")],
    ]);
    expect(theirs).not.toHaveProperty("error");
    expect(ours).toEqual(theirs);
  });

  test("can go on writing in a file of ours: libhdf5 splits and merges the nodes", async () => {
    const many = Array.from({ length: 2000 }, (_, i) => [`w${i}`, dataset(scalar(i))] as const);
    const root = group({ many: group(Object.fromEntries(many)), none: group() }, { a: "b" });
    const path = await written(writeHdf5(root, "extended.h5"));
    expect(await ask([["extend", path]])).toEqual([{ many: 2000 - 667 + 500, none: 1 }]);
  });

  test("zipfile reads our zips, also one beyond 4 GiB", async () => {
    const small = await written(zipOf([file("a.json", "{}"), file("層/é", "x".repeat(99_999))], "s.zip"));
    const piece = new Uint8Array(2 ** 26);
    const large: OutputFile = {
      name: "large",
      sizeBytes: 65 * piece.length,
      async *pieces() {
        for (let i = 0; i < 65; i++) yield piece;
      },
    };
    const path = join(folder, "large.zip");
    await writeSparse(zipOf([large, file("after", "here")], "large.zip"), piece, path);
    const first = [1980, 1, 1, 0, 0, 0];
    expect(
      await ask([
        ["zip", small],
        ["names", path],
      ]),
    ).toEqual([
      {
        members: [
          ["a.json", 2, first, 0],
          ["層/é", 99_999, first, 0],
        ],
        read: null,
      },
      {
        members: [
          ["large", 65 * 2 ** 26, first, 0],
          ["after", 4, first, 0],
        ],
        read: "here",
      },
    ]);
  }, 60_000);
});

/** 2,000 children; 8,193, whose tree has three levels; a long config; lists that are split. */
function largeTrees(): Hdf5Group[] {
  const children = (count: number): Hdf5Group => {
    const entries = Array.from({ length: count }, (_, i) => [`w${i}`, dataset(scalar(i))] as const);
    return group(Object.fromEntries(entries));
  };
  const names = Array.from({ length: 12_345 }, (_, i) => `層_${i}`);
  return [
    group({ many: children(2000) }),
    // 8 entries a symbol node, 32 children a tree node.
    group({ more: children(8 * 32 * 32 + 1) }),
    group({}, { model_config: pythonBytes("é".repeat(100_000)), training_config: "x".repeat(66_000) }),
    group({ g: group({}, Object.fromEntries(splitAttribute("weight_names", names))) }),
  ];
}

const scalar = (value: number): Tensor => ({ shape: [], dtype: "float32", data: Float32Array.of(value) });

const file = (name: string, content: string): OutputFile => {
  const bytes = new TextEncoder().encode(content);
  return {
    name,
    sizeBytes: bytes.length,
    async *pieces() {
      yield bytes;
    },
  };
};

/** Zeros are skipped: a sparse file. */
async function writeSparse(output: OutputFile, zeros: Uint8Array, path: string): Promise<void> {
  await using target = await open(path, "w");
  let at = 0;
  for await (const piece of output.pieces()) {
    if (piece !== zeros) await target.write(piece, 0, piece.length, at);
    at += piece.length;
  }
  expect(at).toBe(output.sizeBytes);
}

async function ask(questions: readonly (readonly string[])[]): Promise<unknown[]> {
  const script = fileURLToPath(new URL("describe_hdf5.py", import.meta.url));
  const python = spawn(PYTHON, [script], { stdio: ["pipe", "pipe", "inherit"] });
  python.stdin.end(questions.map((question) => `${JSON.stringify(question)}\n`).join(""));
  const lines = (await text(python.stdout)).trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line) as unknown);
}

/** What `describe` of the script must say of a tree. */
async function describeTree(root: Hdf5Group): Promise<Objects> {
  const objects: Objects = {};
  const walk = async (node: Hdf5Group | Hdf5Dataset, path: string): Promise<void> => {
    const attributes = Object.fromEntries(
      [...node.attributes].map(([name, value]) => [name, describeValue(value)]),
    );
    if (node.kind === "dataset") {
      const { source } = node;
      const data = describeTensor("data" in source ? source : await source.read());
      objects[path] = { attributes, data };
      return;
    }
    objects[path] = { attributes };
    for (const [name, child] of node.children) await walk(child, path === "" ? name : `${path}/${name}`);
  };
  await walk(root, "");
  return objects;
}

function describeValue(value: Hdf5AttributeValue): Described {
  switch (typeof value) {
    case "string":
      return [NUMPY.string, [], [value]];
    case "number":
      return describeNumbers([value], []);
    case "bigint":
      return describeTensor({ shape: [], dtype: "int64", data: BigInt64Array.of(value) });
    case "boolean":
      return describeTensor({ shape: [], dtype: "bool", data: Uint8Array.of(Number(value)) });
    default:
      if ("kind" in value) return ["string variable nul-terminated ascii", [], [value.text]];
      if ("dtype" in value) return describeTensor(value);
      if (typeof value[0] !== "string") return describeNumbers(value as readonly number[], [value.length]);
      const width = Math.max(1, ...value.map((item) => Buffer.byteLength(String(item))));
      return [`string ${width} nul-padded ascii`, [value.length], value as readonly string[]];
  }
}

function describeNumbers(values: readonly number[], shape: Shape): Described {
  return values.length > 0 && values.every(Number.isInteger)
    ? describeTensor({ shape, dtype: "int64", data: BigInt64Array.from(values, BigInt) })
    : describeTensor({ shape, dtype: "float64", data: Float64Array.from(values) });
}

function describeTensor({ shape, dtype, data }: Tensor): Described {
  if (!ArrayBuffer.isView(data)) return [NUMPY[dtype], shape, data as readonly string[]];
  return [NUMPY[dtype], shape, createHash("sha256").update(data).digest("hex")];
}
