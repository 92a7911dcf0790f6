/**
 * @file Activations, as layers apply them by name.
 *
 * "hard_sigmoid" is two functions: clip(0.2x + 0.5, 0, 1) in Keras 1, 2 and TF.js (tf_keras/backend.py, tfjs-layers
 * backend/tfjs_backend.ts), relu6(x + 3) / 6 in Keras 3 (keras/src/ops/nn.py). The canonical name of the former is
 * "hard_sigmoid_keras2".
 */

import { invalid } from "../base/decode.ts";
import { add, clip, multiply, relu, scalar, softmax } from "../ops/derived.ts";
import type { Ops } from "../ops/ops.ts";
import type { DialectDecoder } from "./define.ts";

const FUNCTIONS = {
  linear: <T>(_ops: Ops<T>, x: T): T => x,
  relu,
  tanh: <T>(ops: Ops<T>, x: T): T => ops.unary("tanh", x),
  sigmoid: <T>(ops: Ops<T>, x: T): T => ops.unary("sigmoid", x),
  softmax: <T>(ops: Ops<T>, x: T): T => softmax(ops, x),
  hard_sigmoid_keras2: <T>(ops: Ops<T>, x: T): T =>
    clip(ops, add(ops, multiply(ops, x, scalar(ops, 0.2)), scalar(ops, 0.5)), 0, 1),
};

export type Activation = keyof typeof FUNCTIONS;

export const activation: DialectDecoder<Activation> = {
  decodeIn(json, dialect, where) {
    const name = json === null || json === undefined ? "linear" : json;
    if (name === "hard_sigmoid" && dialect !== "keras3") return "hard_sigmoid_keras2";
    if (typeof name === "string" && Object.hasOwn(FUNCTIONS, name)) return name as Activation;
    throw invalid("an activation's name", json, where);
  },
};

export function activate<T>(ops: Ops<T>, name: Activation, x: T): T {
  return FUNCTIONS[name](ops, x);
}
