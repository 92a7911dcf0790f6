/** @file Published pairs, checked on both backends: the verdict and the cause that is known for each. */

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { checkPair } from "../../src/cli/check-pair.ts";
import type { Report } from "../../src/compare/findings.ts";
import { readModelOrGraph } from "../../src/dialects/read-graph.node.ts";
import { tfjsCpu, tfjsWasm } from "../../src/engines/tfjs.node.ts";

const CORPUS = join(import.meta.dirname, "../../../shared/corpus");

interface Known {
  readonly pair: string;
  readonly keras: string;
  readonly verdict: Report["verdict"];
  /** "kind detail" of the first cause, or words of the reason. */
  readonly says: string | null;
}

const KNOWN: readonly Known[] = [
  { pair: "mnist-auto-encoder_1", keras: "decoder.h5", verdict: "agree", says: null },
  {
    pair: "text-classification-tensorflowjs-emotion-detection_2",
    keras: "model.h5",
    verdict: "agree",
    says: null,
  },
  { pair: "tfjs-_converter_1", keras: "model.h5", verdict: "agree", says: null },
  { pair: "easy-VQA-demo_2", keras: "model.h5", verdict: "differ", says: "weights other-training-run" },
  { pair: "quaesitor_1", keras: "bedffnn.hdf5", verdict: "differ", says: "weights quantized-uint16" },
  { pair: "tensorspace_1", keras: "mnist.h5", verdict: "differ", says: "structure outputs" },
  {
    pair: "Gas-price-prediction_6",
    keras: "all_channel_GRU.h5",
    verdict: "not-compared",
    says: "reset_after",
  },
  { pair: "pyTraining_3", keras: "tiny_mnist.h5", verdict: "not-compared", says: "graph models" },
  {
    pair: "CNN_Project_MNIST_TFJS_1",
    keras: "Subhadip_Hensh_MNIST_CNN.keras",
    verdict: "not-compared",
    says: "graph models",
  },
  { pair: "tf_dnn_edge_8", keras: "tf_dnn.h5", verdict: "not-compared", says: "finds weights by name" },
];

describe.each([tfjsCpu, tfjsWasm])("$id", (engine) => {
  test.for(KNOWN)(
    "$pair is $verdict ($says), and its budget closes",
    async ({ pair, keras, verdict, says }, { skip }) => {
      if (!existsSync(CORPUS)) skip("../shared/corpus is not beside this checkout");
      const folder = join(CORPUS, readdirSync(CORPUS).find((name) => name.endsWith(`+${pair}`)) ?? pair);
      await using a = await readModelOrGraph(join(folder, keras));
      await using b = await readModelOrGraph(join(folder, "model.json"));
      const report = await checkPair(a, b, {
        engineA: "reference",
        engineB: engine,
        engineOptions: {},
        input: { source: "synthetic", samples: 2, seed: 0 },
        accept: [],
        reproduce: "",
      });
      expect(report.verdict).toBe(verdict);
      if (verdict === "differ") expect(`${report.causes[0]?.kind} ${report.causes[0]?.detail}`).toBe(says);
      if (verdict === "not-compared") return expect(report.notCompared[0]?.reason).toContain(says);
      const { budget } = report;
      if (budget === null) return expect.unreachable("there is a budget where both sides predict");
      expect(Math.abs(budget.residual)).toBeLessThanOrEqual(8 * 2 ** -53 * budget.scale);
      const sum = budget.byLayer.reduce((all, line) => all + line.environmentB, 0);
      expect(Math.abs(sum - budget.environmentB)).toBeLessThanOrEqual(8 * 2 ** -53 * budget.scale);
    },
  );
});
