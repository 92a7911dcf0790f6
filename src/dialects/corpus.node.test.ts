/** @file The published pairs: each file is read without a problem, or refused by name. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { isVernierError } from "../base/errors.ts";
import { readModelPath } from "./read.node.ts";

const corpus = fileURLToPath(new URL("../../../shared/corpus/", import.meta.url));

/** A number: how many calls; else the code of the refusal. */
const EXPECTED: readonly (readonly [string, number | string])[] = [
  ["07subhadip+CNN_Project_MNIST_TFJS_1/Subhadip_Hensh_MNIST_CNN.keras", 9],
  ["07subhadip+CNN_Project_MNIST_TFJS_1/model.json", "file.unsupported"],
  ["Alphocado+gesture_web_2/gesture_model.keras", 10],
  ["Alphocado+gesture_web_2/model.json", 10],
  ["Edmond-Dantes+doodle-autocomplete_1/model.json", "layer.unsupported"],
  ["Edmond-Dantes+doodle-autocomplete_1/oh_shapes_tinycnn_keras.h5", 8],
  ["Jsimluken+pyTraining_2/hyper.h5", "layer.unsupported"],
  ["Jsimluken+pyTraining_2/model.json", "layer.unsupported"],
  ["Jsimluken+pyTraining_3/model.json", "file.unsupported"],
  ["Jsimluken+pyTraining_3/tiny_mnist.h5", 12],
  ["Maicon-Moreira+mnist-auto-encoder_1/decoder.h5", 9],
  ["Maicon-Moreira+mnist-auto-encoder_1/model.json", 9],
  ["Mulkancsl+text-classification-tensorflowjs-emotion-detection_2/model.h5", 8],
  ["Mulkancsl+text-classification-tensorflowjs-emotion-detection_2/model.json", 8],
  ["boronhub+tfjs-_converter_1/model.h5", 158],
  ["boronhub+tfjs-_converter_1/model.json", 158],
  ["dpl10+quaesitor_1/bedffnn.hdf5", 48],
  ["dpl10+quaesitor_1/model.json", 48],
  ["ioanacasandra7+Gas-price-prediction_6/all_channel_GRU.h5", 3],
  ["ioanacasandra7+Gas-price-prediction_6/model.json", 3],
  ["jiechau+tf_dnn_edge_8/tf_dnn.h5", 4],
  ["jiechau+tf_dnn_edge_8/model.json", 4],
  ["kkansara007+Sign_Language_Translator_2/best_model.h5", 11],
  ["kkansara007+Sign_Language_Translator_2/model.json", 11],
  ["tensorspace-team+tensorspace_1/mnist.h5", 10],
  ["tensorspace-team+tensorspace_1/model.json", 10],
  ["vzhou842+easy-VQA-demo_2/model.h5", 16],
  ["vzhou842+easy-VQA-demo_2/model.json", 16],
  ["ya332+Churn-Rate_2/model.h5", "file.unsupported"],
  ["ya332+Churn-Rate_2/model.json", "file.unsupported"],
];

async function outcome(path: string): Promise<number | string> {
  try {
    await using opened = await readModelPath(path);
    expect(opened.model.problems).toEqual([]);
    return opened.model.calls.length;
  } catch (error) {
    if (isVernierError(error)) return error.code;
    throw error;
  }
}

describe.skipIf(!existsSync(corpus))("published pairs (skipped where ../shared is not there)", () => {
  test.each(EXPECTED)("%s: %s", async (path, expected) => {
    expect(await outcome(join(corpus, path))).toBe(expected);
  });
});
