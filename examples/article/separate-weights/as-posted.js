// The same network as in as-posted.py — with initial weights of its own.
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-layers";
import { toFolder } from "../files.mjs";

const model = tf.sequential({
  layers: [
    tf.layers.dense({ inputShape: [4], units: 8, activation: "relu" }),
    tf.layers.dense({ units: 3, activation: "softmax" }),
  ],
});
await model.save(toFolder(`${process.argv[2] ?? "."}/web`));
