/** @file The list of TensorFlow.js's layer classes is the one that TensorFlow.js itself has. */

import { serialization } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-layers";
import { expect, test } from "vitest";
import { LAYERS_IN_TFJS } from "./in-tensorflow-js.ts";

test("every class that TensorFlow.js registers as a layer is in the list, and what it lacks is not", () => {
  const classes = serialization.SerializationMap.getMap().classNameMap;
  // What layers inherit from; optimizers, initializers and activations do not.
  const base: unknown = Object.getPrototypeOf(tf.RNN);
  const layers = Object.entries(classes).flatMap(([name, [registered]]) => {
    const { prototype } = registered as unknown as { prototype: object };
    return prototype instanceof (base as new () => object) ? [name] : [];
  });
  expect(layers.length).toBeGreaterThan(60);
  expect(layers.filter((name) => !LAYERS_IN_TFJS.has(name))).toEqual([]);
  expect(
    ["Lambda", "GroupNormalization", "ZeroPadding1D", "Adam"].filter((name) => LAYERS_IN_TFJS.has(name)),
  ).toEqual([]);
});
