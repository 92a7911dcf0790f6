// "After I load my model it predicts something else than before I saved it."
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

const training = model.fit(x, y, { epochs: 20, verbose: 0 }); // fit returns a promise
await model.save(toFolder(`${folder}/web`)); // saved while it still trains

await training; // the page goes on with the trained model
await model.save(toFolder(`${folder}/in-memory`));
