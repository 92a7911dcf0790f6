/** @file The library's convert: what it gives without an engine, with one, and when the proof fails. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readModel } from "../dialects/read-model.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { convertModel } from "./convert-model.ts";
import type { CheckedModel } from "./options.ts";

const MLP = join(import.meta.dirname, "../../test/fixtures/keras2/mlp.h5");
const open = () => readModel(new Uint8Array(readFileSync(MLP)), { name: "mlp.h5" });

test("without an engine nothing is proved, and a problem says so", async () => {
  await using source = await open();
  const { files, proof, problems, ledger } = await convertModel(source, { to: "tfjs" });
  expect(files.map(({ name }) => name)).toEqual(["group1-shard1of1.bin", "model.json"]);
  expect(proof).toBeNull();
  expect(problems).toContainEqual(
    expect.objectContaining({ code: "convert.not-verified", where: "model.json", severity: "warning" }),
  );
  expect(ledger).toMatchObject({
    source: { path: "mlp.h5" },
    target: { path: "model.json", dialect: "tfjs" },
  });
  expect(ledger.entries.length).toBeGreaterThan(0);
});

test.each(["tfjs", "keras", "h5", "weights.h5"] as const)(
  "to %s, what was written is read back and proved by the reference",
  async (to) => {
    await using source = await open();
    const { files, proof, problems } = await convertModel(source, { to, engine: "reference" });
    expect(proof).toMatchObject({ verdict: "agree", input: { samples: 1 } });
    expect(files.length).toBeGreaterThan(0);
    expect(problems.filter(({ severity }) => severity !== "note")).toEqual([]);
  },
);

test("a weight that is written wrong fails the proof, and no file is handed out", async () => {
  await using source = await open();
  const { files, proof, problems } = await convertModel(faulty(source), { to: "tfjs", engine: "reference" });
  expect(files).toEqual([]);
  expect(proof?.verdict).toBe("differ");
  expect(problems).toContainEqual(expect.objectContaining({ code: "convert.weights", severity: "error" }));
});

/** Writers take weights in pieces, checks take them whole: here the pieces are wrong by one. */
function faulty(source: CheckedModel): CheckedModel {
  const plusOne = ({ data, ...tensor }: Tensor): Tensor => ({
    ...tensor,
    data: (data as Float32Array).map((value) => value + 1),
  });
  const layers = source.model.layers.map((layer) => ({
    ...layer,
    weights: layer.weights.map((weight) => ({
      ...weight,
      async *pieces() {
        yield plusOne(await weight.read());
      },
    })),
  }));
  return { ...source, model: { ...source.model, layers } };
}
