/** @file A written layers-model as a page would run it: TF.js's own HTTP loader, its wasm backend, `predict`. */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const require = createRequire(import.meta.url);
let started = null;

async function start(backend) {
  const { log, info, warn, error } = console;
  Object.assign(console, { log() {}, info() {}, warn() {}, error() {} });
  const core = require("@tensorflow/tfjs-core");
  const layers = require("@tensorflow/tfjs-layers");
  require("@tensorflow/tfjs-backend-cpu");
  const { setWasmPaths } = require("@tensorflow/tfjs-backend-wasm");
  setWasmPaths(join(fileURLToPath(import.meta.resolve("@tensorflow/tfjs-backend-wasm")), "../"));
  await core.setBackend(backend);
  await core.ready();
  Object.assign(console, { log, info, warn, error });
  if (core.getBackend() !== backend) throw new Error(`the ${backend} backend does not start`);
  return { core, layers };
}

/** `inputs`: `{ shape, dtype, data }` in the model's order. `calls`: so often from fresh states; the last one's outputs. */
export async function runInTfjs(folder, inputs, calls, backend = "wasm") {
  started ??= start(backend);
  const { core, layers } = await started;
  const served = async (url) =>
    new Response(readFileSync(join(folder, decodeURIComponent(new URL(url).pathname))));
  core.engine().startScope();
  let model = null;
  try {
    model = await layers.loadLayersModel("http://model.test/model.json", { fetchFunc: served });
    const fed = inputs.map((input, i) => tensorFor(core, input, model.inputs[i]?.dtype));
    const batchSize = Math.max(1, fed[0]?.shape[0] ?? 1);
    let outputs = [];
    for (let call = 0; call < calls; call++)
      outputs = [model.predict(fed.length === 1 ? fed[0] : fed, { batchSize })].flat();
    return outputs.map((tensor) => ({ shape: [...tensor.shape], data: tensor.dataSync().slice() }));
  } finally {
    model?.dispose();
    core.engine().endScope();
  }
}

/** As `tf.tensor(values, shape)` takes them. */
function tensorFor(core, { shape, dtype, data }) {
  if (!ArrayBuffer.isView(data)) return core.tensor([...data], [...shape], "string");
  if (dtype === "bool") return core.tensor(Uint8Array.from(data), [...shape], "bool");
  if (dtype.startsWith("float") || dtype === "bfloat16")
    return core.tensor(Float32Array.from(data), [...shape], "float32");
  return core.tensor(Int32Array.from(data, Number), [...shape], "int32");
}
