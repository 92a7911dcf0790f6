/**
 * @file Reads one file after another as the commands do (everything in it, and converts it to every target in memory),
 * and says for each how that ended. Whoever waits for it ends it when it takes too long.
 */

import { createHash } from "node:crypto";
import { parentPort } from "node:worker_threads";
import { isVernierError } from "../../../dist/base/errors.js";
import { convert, TARGETS } from "../../../dist/convert/convert.js";
import { readModelOrGraph } from "../../../dist/dialects/read-graph.node.js";
import { writerOf } from "../../../dist/explain/graph-boundary.js";
import { unknownFileError } from "../../../dist/formats/detect.js";
import { readNpy } from "../../../dist/formats/npy.js";
import { readNpz } from "../../../dist/formats/npz.js";
import { openPath } from "../../../dist/formats/path.node.js";
import { readAll } from "../../../dist/formats/source.js";
import { LAYERS_IN_TFJS } from "../../../dist/layers/in-tensorflow-js.js";
import { inspectModel, renderInspect } from "../../../dist/report/inspect.js";
import { inspectGraph, renderInspectGraph } from "../../../dist/report/inspect-graph.js";

/** @typedef {{ values: Record<string, string>, converted: string[] }} Read */

parentPort?.on("message", async ({ path, architecture, kind }) => {
  /** @type {Read} */
  const read = { values: {}, converted: [] };
  try {
    if (kind === "data") await readData(path, read.values);
    else await readModel(path, architecture, read);
    parentPort?.postMessage({ code: "read", ...read });
  } catch (error) {
    const typed = isVernierError(error) && error.code !== "internal";
    const said = error instanceof Error ? `${error.stack}` : String(error);
    parentPort?.postMessage({
      code: typed ? error.code : "untyped",
      said,
      hint: typed ? error.hint : "",
      where: typed ? error.where : "",
      ...read,
    });
  }
});

/** @param {string} path @param {Record<string, string>} values */
async function readData(path, values) {
  const opened = await openPath(path);
  try {
    if (opened.detected.kind === "npz") {
      const npz = await readNpz(opened.source);
      for (const name of npz.names) values[name] = hashOf(await npz.read(name));
    } else if (opened.detected.kind === "npy")
      values[""] = hashOf(readNpy(await readAll(opened.source), "x.npy"));
    else if (opened.detected.kind === "unknown") throw unknownFileError(opened.detected, path);
  } finally {
    await opened.close();
  }
}

/** @param {string} path @param {string | undefined} architecture @param {Read} read */
async function readModel(path, architecture, read) {
  const opened = await readModelOrGraph(path, architecture === undefined ? {} : { architecture });
  try {
    await opened.sha256();
    if ("graph" in opened) {
      renderInspectGraph(inspectGraph(opened.graph, writerOf(opened.graph)), path);
      for (const weight of opened.graph.weights) read.values[weight.name] = hashOf(await weight.read());
      return;
    }
    const { model } = opened;
    renderInspect(inspectModel(model, LAYERS_IN_TFJS), path);
    for (const { path: layer, weights } of model.layers)
      for (const weight of weights) read.values[`${layer} ${weight.fileName}`] = hashOf(await weight.read());
    for (const to of TARGETS) read.converted.push(`${to}: ${await converted(model, to)}`);
  } finally {
    await opened[Symbol.asyncDispose]();
  }
}

/** A refusal to convert is an answer. @param {import("../../../dist/model/model.js").Model} model @param {typeof TARGETS[number]} to */
async function converted(model, to) {
  try {
    for (const file of (await convert(model, { to })).files) {
      let size = 0;
      for await (const piece of file.pieces()) size += piece.byteLength;
      if (size !== file.sizeBytes)
        throw new Error(`${to}: ${file.name} has ${size} bytes, not ${file.sizeBytes}`);
    }
    return "done";
  } catch (error) {
    if (isVernierError(error) && error.code !== "internal") return error.code;
    throw error;
  }
}

/** Float32 data by their bytes. @param {import("../../../dist/tensor/tensor.js").Tensor} tensor */
function hashOf({ dtype, data }) {
  const bytes = ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : JSON.stringify(data);
  return `${dtype} ${createHash("sha256").update(bytes).digest("hex")}`;
}
