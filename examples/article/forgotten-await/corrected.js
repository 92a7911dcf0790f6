// The same, with the await.
import "@tensorflow/tfjs-backend-cpu";
import * as tfc from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-layers";
import { toFolder } from "../files.mjs";

const folder = process.argv[2] ?? ".";
const x = tfc.randomUniform([64, 4]);
const y = tfc.oneHot(tfc.argMax(x, 1), 4);
const model = tf.sequential({
  layers: [tf.layers.dense({ inputShape: [4], units: 4, activation: "softmax" })],
});
model.compile({ optimizer: tfc.train.adam(0.1), loss: "categoricalCrossentropy" });

await model.fit(x, y, { epochs: 20, verbose: 0 });
await model.save(toFolder(`${folder}/web-corrected`));
await model.save(toFolder(`${folder}/in-memory-corrected`));
