/**
 * @file Every published Keras file whose layers are known becomes a TF.js model that loads and predicts the same on both
 * backends; the others are refused by name. `check A` alone says what shipping it would do.
 */

import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test, vi } from "vitest";
import { runProgram } from "../../src/cli/program.ts";
import type { ConvertReport } from "../../src/report/convert.ts";

const CORPUS = join(import.meta.dirname, "../../../shared/corpus");
const scratch = mkdtempSync(join(tmpdir(), "vernier-corpus-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Keras file of each pair, and why it is refused where it is. */
const KNOWN: readonly (readonly [pair: string, keras: string, refusal: string | null])[] = [
  ["CNN_Project_MNIST_TFJS_1", "Subhadip_Hensh_MNIST_CNN.keras", null],
  ["gesture_web_2", "gesture_model.keras", null],
  ["doodle-autocomplete_1", "oh_shapes_tinycnn_keras.h5", null],
  ["pyTraining_2", "hyper.h5", 'layer class "HyperScale"'],
  ["pyTraining_3", "tiny_mnist.h5", null],
  ["mnist-auto-encoder_1", "decoder.h5", null],
  ["text-classification-tensorflowjs-emotion-detection_2", "model.h5", null],
  ["tfjs-_converter_1", "model.h5", null],
  ["quaesitor_1", "bedffnn.hdf5", null],
  ["Gas-price-prediction_6", "all_channel_GRU.h5", null],
  ["tf_dnn_edge_8", "tf_dnn.h5", null],
  ["Sign_Language_Translator_2", "best_model.h5", null],
  ["tensorspace_1", "mnist.h5", null],
  ["easy-VQA-demo_2", "model.h5", null],
  ["Churn-Rate_2", "model.h5", "weights without their architecture"],
];

/** The command in this process: its exit code and what it prints. */
async function run(...words: string[]): Promise<{ code: number; out: string; err: string }> {
  const said = { out: "", err: "" };
  const out = vi
    .spyOn(process.stdout, "write")
    .mockImplementation((text) => (said.out += String(text)) !== "");
  const err = vi
    .spyOn(process.stderr, "write")
    .mockImplementation((text) => (said.err += String(text)) !== "");
  try {
    return { code: await runProgram(words), ...said };
  } finally {
    out.mockRestore();
    err.mockRestore();
  }
}

const fileOf = (pair: string, keras: string): string =>
  join(CORPUS, readdirSync(CORPUS).find((name) => name.endsWith(`+${pair}`)) ?? pair, keras);

describe("published Keras files", () => {
  test.for(KNOWN)(
    "%s/%s becomes a TF.js model that agrees on cpu and wasm, or is refused by name (%s)",
    async ([pair, keras, refusal], { skip }) => {
      if (!existsSync(CORPUS)) skip("../shared/corpus is not beside this checkout");
      const dest = join(scratch, pair);
      // On large images the cpu backend takes minutes.
      const engines = ["--b", "tfjs:wasm", ...(pair === "tfjs-_converter_1" ? [] : ["--b", "tfjs:cpu"])];
      const { code, out } = await run(
        "convert",
        fileOf(pair, keras),
        dest,
        "--json",
        "--no-progress",
        ...engines,
      );
      if (refusal !== null) {
        expect(JSON.parse(out)).toMatchObject({ schema: "vernier.error/1" });
        expect(out).toContain(JSON.stringify(refusal).slice(1, -1));
        expect(code).toBe(2);
        expect(existsSync(dest)).toBe(false);
        return;
      }
      const report = JSON.parse(out) as ConvertReport;
      expect(report.problems.filter(({ severity }) => severity === "error")).toEqual([]);
      expect(report.proof?.verdict).toBe("agree");
      expect(code).toBe(0);
      expect(readdirSync(dest)).toContain("model.json");
    },
  );

  test("check with one model alone compares it with its own conversion", async ({ skip }) => {
    if (!existsSync(CORPUS)) skip("../shared/corpus is not beside this checkout");
    const { code, out } = await run(
      "check",
      fileOf("Sign_Language_Translator_2", "best_model.h5"),
      "--samples",
      "1",
      "--json",
    );
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ verdict: "agree", sides: { b: { engine: "tfjs:wasm" } } });
  });
});
