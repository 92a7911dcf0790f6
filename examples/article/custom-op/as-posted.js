// The page: the model's output as it comes.
import "@tensorflow/tfjs-backend-cpu";
import { readFileSync } from "node:fs";
import * as tfc from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-layers";

const folder = process.argv[2] ?? ".";
const { modelTopology, weightsManifest } = JSON.parse(readFileSync(`${folder}/web/model.json`, "utf8"));
const [{ weights: weightSpecs, paths }] = weightsManifest;
const bytes = readFileSync(`${folder}/web/${paths[0]}`);
const weightData = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
const model = await tf.loadLayersModel(tfc.io.fromMemory({ modelTopology, weightSpecs, weightData }));

const x = tfc.tensor2d(JSON.parse(readFileSync(`${folder}/x.json`, "utf8")));
const digits = (rows) => rows.map((row) => row.map((value) => Number(value.toFixed(4))));
console.log(JSON.stringify(digits(model.predict(x).arraySync())));
