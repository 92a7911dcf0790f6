/**
 * @file The figures of docs/why-predictions-differ.md: `node examples/article/measure.mjs`. Each comes from a run of the
 * command on a pair of this repository, or of TensorFlow.js itself. Bounds are powers of ten: what lies below them depends
 * on the processor.
 */

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import "@tensorflow/tfjs-backend-cpu";
import * as tfc from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { toFolder } from "./files.mjs";

tfc.enableProdMode();
const root = fileURLToPath(new URL("../..", import.meta.url));
const here = (path) => join(root, "examples/article", path);
const scratch = mkdtempSync(join(tmpdir(), "vernier-article-"));
process.on("exit", () => rmSync(scratch, { recursive: true, force: true }));

function vernier(...words) {
  const main = join(root, "dist/cli/main.js");
  const { stdout, stderr } = spawnSync(process.execPath, [main, ...words, "--json"], {
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout);
}

/** "below 1e-7": the power of ten above it. */
const below = (value) => (value === 0 ? "0" : `below 1e${Math.floor(Math.log10(value)) + 1}`);
const largest = ({ outputs }) => Math.max(...outputs.map(({ maxAbs }) => maxAbs));
const row = (claim, figure) => console.log(`${claim.padEnd(44)} ${figure}`);

const digits = join(root, "examples/quantized-digits");
const converted = join(scratch, "digits");
vernier("convert", `${digits}/model.h5`, converted, "--no-verify");

// 1. Which types do both sides hold?
const types = (path) =>
  new Set(vernier("inspect", path).layers.flatMap(({ weights }) => weights.map(({ dtype }) => dtype)));
row(
  "weights of the .h5, of the model.json",
  `${[...types(`${digits}/model.h5`)]}, ${[...types(`${converted}/model.json`)]}`,
);

// 2, 3. Do the files hold the same numbers?
const same = vernier("check", `${digits}/model.h5`, converted);
const numbers = vernier("inspect", `${digits}/model.h5`)
  .layers.flatMap(({ weights }) => weights)
  .reduce((sum, { shape }) => sum + shape.reduce((x, y) => x * y, 1), 0);
const differing = same.causes.filter(({ kind }) => kind === "weights").length;
row("weights that a conversion changes", `${differing} (of ${numbers.toLocaleString("en-US")} numbers)`);
row(
  "figures of weights inside model.json",
  String(weightsInJson(JSON.parse(readFileSync(join(converted, "model.json"), "utf8")))),
);

// 4. Who is closer to 64 bits?
for (const engine of ["tfjs:cpu", "tfjs:wasm"])
  row(
    `error of ${engine} against 64 bits`,
    below(largest(vernier("check", `${digits}/model.h5`, converted, "--b", engine))),
  );
const keras = vernier(
  "check",
  here("custom-op/corrected.h5"),
  here("custom-op/web-corrected"),
  "--input",
  here("custom-op/x.json"),
  "--seen-a",
  here("custom-op/keras-predicts.npy"),
);
row(
  "error of Keras (TensorFlow) against 64 bits",
  below(Math.max(...keras.seen.map(({ maxAbs }) => maxAbs))),
);

// 5. What do GPUs and 16 bits do? The figure is a software renderer's, which computes in the GPU's formats.
for (const engine of ["tfjs:webgl", "tfjs:webgl@float16"])
  row(
    `error of ${engine} against 64 bits`,
    below(largest(vernier("check", `${digits}/model.h5`, converted, "--b", engine))),
  );
const cost = (type) => {
  const into = join(scratch, type);
  vernier("convert", `${digits}/model.h5`, into, "--no-verify", "--quantize", type);
  return largest(vernier("check", `${digits}/model.h5`, into));
};
row("weights in 16 bits (float16), change", below(cost("float16")));
row("weights in 8 bits (uint8), change", below(cost("uint8")));

// 6. Sixty-four layers, one after the other.
const deep = tfl.sequential();
for (let i = 0; i < 64; i++)
  deep.add(
    tfl.layers.dense({
      units: 32,
      activation: "selu",
      kernelInitializer: tfl.initializers.leCunNormal({ seed: i + 1 }),
      ...(i === 0 ? { inputShape: [32] } : {}),
    }),
  );
await deep.save(toFolder(join(scratch, "deep")));
const { layers } = vernier("check", join(scratch, "deep"), join(scratch, "deep"));
for (const depth of [1, 8, 64])
  row(`difference after ${depth} layer${depth === 1 ? "" : "s"}`, below(layers[depth].maxAbs));

// 7. What runs when a model predicts?
const { kernelNames } = await tfc.profile(() => deep.predict(tfc.zeros([1, 32])));
const backward = kernelNames.filter((name) => /Grad|Backprop/.test(name)).length;
row("kinds of backward kernels in predict", `${backward} of ${kernelNames.length}`);

// 9, 10. What people post.
const posted = vernier(
  "check",
  here("custom-op/model.h5"),
  here("custom-op/web"),
  "--input",
  here("custom-op/x.json"),
  "--seen-a",
  here("custom-op/seen-in-python.json"),
);
row("an operation on one side only, change", posted.seen[0].maxAbs.toFixed(2));
const separate = vernier("check", here("separate-weights/model.h5"), here("separate-weights/web"));
row("two models of one architecture, change", largest(separate).toFixed(2));
row("of which rounding", below(Math.abs(separate.budget.environmentB)));

/** Lists of more than two numbers that are no shape: what weights in JSON would be. */
function weightsInJson(json) {
  if (
    Array.isArray(json) &&
    json.length > 4 &&
    json.every((value) => typeof value === "number" && !Number.isInteger(value))
  )
    return json.length;
  return json !== null && typeof json === "object"
    ? Object.values(json).reduce((sum, value) => sum + weightsInJson(value), 0)
    : 0;
}
