/** @file The recorder of oracles, on a handful of hand-written samples: what it writes is what the layers mean. */

import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const python = process.env["VERNIER_PYTHON"] ?? "";
const script = new URL("../../python/record_layers.py", import.meta.url).pathname;
const samples = new URL("record-layers/samples.json", import.meta.url).pathname;

interface Stored {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly base64: string;
}
interface Case {
  readonly id: string;
  readonly dialect: string;
  readonly config: Record<string, unknown>;
  readonly inputs: readonly Stored[];
  readonly masks: readonly (Stored | null)[];
  readonly weights: readonly (Stored & { name: string })[];
  readonly outputs: readonly Stored[];
  readonly outputMasks: readonly (Stored | null)[];
  readonly note?: string;
}

const floats = (stored: Stored | null | undefined): number[] => {
  const bytes = Uint8Array.from(Buffer.from(stored?.base64 ?? "", "base64"));
  return [
    ...(stored?.dtype === "int32"
      ? new Int32Array(bytes.buffer)
      : stored?.dtype === "bool"
        ? bytes
        : new Float32Array(bytes.buffer)),
  ];
};

describe.skipIf(python === "")("the recorder", () => {
  const folder = mkdtempSync(join(tmpdir(), "vernier-record-"));
  const out = (name: string): string => join(folder, name);
  let cases: Case[] = [];
  const read = (name: string, family: string): Case[] => {
    const json = JSON.parse(
      gunzipSync(readFileSync(join(out(name), `${family}.json.gz`))).toString("utf8"),
    ) as { cases: Case[] };
    return json.cases;
  };
  const find = (id: string, dialect: string): Case => {
    const found = cases.find((one) => one.id === id && one.dialect === dialect);
    if (found === undefined) throw new Error(`${id} ${dialect} was not recorded`);
    return found;
  };

  beforeAll(() => {
    execFileSync(python, [script, samples, out("once")], { stdio: "ignore" });
    cases = ["dense", "conv", "rnn", "embedding", "merge"].flatMap((family) => read("once", family));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test("the same samples give the same bytes", () => {
    execFileSync(python, [script, samples, out("twice"), "--family", "rnn"], { stdio: "ignore" });
    expect(readFileSync(join(out("twice"), "rnn.json.gz"))).toEqual(
      readFileSync(join(out("once"), "rnn.json.gz")),
    );
  });

  test.each(["keras2", "keras3"])(
    "%s: Dense is relu(x·W + b) to within the rounding of its sums",
    (dialect) => {
      const { inputs, weights, outputs, config } = find("dense", dialect);
      expect(config["units"]).toBe(4);
      const [x, kernel, bias, y] = [inputs[0], weights[0], weights[1], outputs[0]].map(floats) as [
        number[],
        number[],
        number[],
        number[],
      ];
      for (const [at, value] of y.entries()) {
        const [row, column] = [Math.floor(at / 4), at % 4];
        const terms = [
          ...[0, 1, 2].map((k) => (x[row * 3 + k] ?? 0) * (kernel[k * 4 + column] ?? 0)),
          bias[column] ?? 0,
        ];
        const exact = Math.max(
          0,
          terms.reduce((a, b) => a + b),
        );
        // γ(4)·Σ|terms|, u = 2⁻²⁴ (Higham, §3.1).
        const bound = ((4 * 2 ** -24) / (1 - 4 * 2 ** -24)) * terms.reduce((a, b) => a + Math.abs(b), 0);
        expect(Math.abs(value - exact)).toBeLessThanOrEqual(bound);
      }
    },
  );

  test("no weight is all zeros or ones, and both dialects share their numbers", () => {
    for (const { weights, id } of cases) {
      for (const weight of weights)
        expect(new Set(floats(weight)).size, `${id} ${weight.name}`).toBeGreaterThan(1);
    }
    expect(find("lstm", "keras2").weights.map(floats)).toEqual(find("lstm", "keras3").weights.map(floats));
    expect(find("lstm", "keras2").weights.map(({ name }) => name)).toEqual([
      "lstm_cell/kernel",
      "lstm_cell/recurrent_kernel",
      "lstm_cell/bias",
    ]);
  });

  test("a masked LSTM repeats its output where the mask is false, and hands the mask on", () => {
    const { masks, outputs, outputMasks } = find("lstm", "keras3");
    const mask = floats(masks[0]);
    expect(mask).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 0, 0]);
    expect(outputMasks.map((one) => one && floats(one))).toEqual([mask, null, null]);
    const sequence = floats(outputs[0]);
    const step = (row: number, t: number): number[] =>
      sequence.slice((row * 5 + t) * 3, (row * 5 + t) * 3 + 3);
    expect(step(2, 3)).toEqual(step(2, 2));
    expect(step(0, 3)).not.toEqual(step(0, 2));
  });

  test("Bidirectional, Embedding and Concatenate have the weights and masks of their dialect", () => {
    expect(find("bigru", "keras3").weights).toHaveLength(6);
    const embedding = find("embedding", "keras2");
    expect(floats(embedding.outputMasks[0])).toEqual(
      floats(embedding.inputs[0]).map((index) => (index === 0 ? 0 : 1)),
    );
    const [a, b] = find("concat", "keras2").masks.map(floats) as [number[], number[]];
    // Keras 2 keeps a step that both inputs keep, Keras 3 one that either does (layers/merging/concatenate.py).
    expect(floats(find("concat", "keras2").outputMasks[0])).toEqual(a.map((keep, i) => keep & (b[i] ?? 0)));
    expect(floats(find("concat", "keras3").outputMasks[0])).toEqual(a.map((keep, i) => keep | (b[i] ?? 0)));
    expect(find("add1", "keras3").outputMasks).toEqual([null]);
  });

  test("where Keras 3 adds a channels_first bias along the wrong axis, the channels_last twin is the oracle", () => {
    expect(find("conv-first-square", "keras3").note).toMatch(/twin.*wrong here/);
    expect(find("conv-first-square", "keras2").note).toBeUndefined();
    const [right, left] = [find("conv-first-square", "keras3"), find("conv-first-square", "keras2")].map(
      ({ outputs }) => outputs[0]?.shape,
    );
    expect(right).toEqual(left);
  });

  test("a case that Keras refuses is named and fails the run, without hiding the others", () => {
    const bad = {
      id: "bad",
      family: "dense",
      className: "Dense",
      config: { units: -1 },
      inputs: [{ shape: [3] }],
      samples: 1,
      dialects: ["keras3"],
    };
    const good = { ...bad, id: "good", config: { units: 1 } };
    const path = out("bad.json");
    writeFileSync(path, JSON.stringify([bad, good]));
    const { status, stderr } = spawnSync(python, [script, path, out("bad")], { encoding: "utf8" });
    expect(status).toBe(1);
    expect(stderr).toContain("failed: bad (keras3)");
    expect(read("bad", "dense").map(({ id }) => id)).toEqual(["good"]);
  });
});
