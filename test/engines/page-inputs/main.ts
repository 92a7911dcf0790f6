/** @file A page that prepares a picture for a model, in the right way or with one usual mistake, and saves what it feeds. */

import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { saveInput } from "../../../src/tfjs/index.ts";

const SIZE = 48;

export type Way = "right" | "0…255" | "BGR" | "no centre crop" | "nearest" | "rescaled twice";

async function feed(way: Way): Promise<void> {
  await tf.setBackend("cpu");
  const image = document.querySelector("img") as HTMLImageElement;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIZE;
  const context = canvas.getContext("2d") as CanvasRenderingContext2D;
  context.imageSmoothingEnabled = way !== "nearest";
  const { naturalWidth: w, naturalHeight: h } = image;
  const side = Math.min(w, h);
  const [left, top] = [Math.floor((w - side) / 2), Math.floor((h - side) / 2)];
  if (way === "no centre crop") context.drawImage(image, 0, 0, SIZE, SIZE);
  else context.drawImage(image, left, top, side, side, 0, 0, SIZE, SIZE);
  const { data } = context.getImageData(0, 0, SIZE, SIZE);
  let x: tf.Tensor = tf.tensor4d(
    Float32Array.from({ length: SIZE * SIZE * 3 }, (_, i) => data[4 * Math.floor(i / 3) + (i % 3)] ?? 0),
    [1, SIZE, SIZE, 3],
  );
  if (way === "BGR") x = tf.reverse(x, [-1]);
  if (way !== "0…255") x = tf.sub(tf.div(x, 127.5), 1);
  if (way === "rescaled twice") x = tf.sub(tf.div(x, 127.5), 1);
  await saveInput(x, "page"); // next to model.predict(x)
}

Object.assign(globalThis, { feed });
