/**
 * @file Activations, as layers apply them by name.
 *
 * "hard_sigmoid" is two functions: clip(0.2x + 0.5, 0, 1) in Keras 1, 2 and TF.js (tf_keras/backend.py, tfjs-layers
 * backend/tfjs_backend.ts), relu6(x + 3) / 6 in Keras 3 (keras/src/ops/nn.py). The canonical name of the former is
 * "hard_sigmoid_keras2". Keras's "threshold" has no defaults for its arguments and cannot be applied by name.
 */

import { invalid } from "../base/decode.ts";
import { VernierError } from "../base/errors.ts";
import { isObject, type Json } from "../base/json.ts";
import type { Dialect } from "../model/layer.ts";
import { add, clip, divide, log_softmax, multiply, relu, scalar, softmax, subtract } from "../ops/derived.ts";
import type { Ops } from "../ops/ops.ts";
import { type DialectDecoder, knownDim } from "./define.ts";
import { sparsemax } from "./sparsemax.ts";

/** exp(x) − 1 where x < 0: engines write it so, or with expm1, which is closer to the truth. */
const expBelow = <T>(ops: Ops<T>, x: T): T =>
  subtract(ops, ops.unary("exp", ops.binary("minimum", x, scalar(ops, 0))), scalar(ops, 1));

const whereAbove = <T>(ops: Ops<T>, x: T, limit: number, above: T, below: T): T =>
  ops.where(ops.compare("greater", x, scalar(ops, limit)), above, below);

const silu = <T>(ops: Ops<T>, x: T): T => multiply(ops, x, ops.unary("sigmoid", x));
const relu6 = <T>(ops: Ops<T>, x: T): T => clip(ops, x, 0, 6);
const hard_sigmoid = <T>(ops: Ops<T>, x: T): T =>
  divide(ops, relu6(ops, add(ops, x, scalar(ops, 3))), scalar(ops, 6));
const leaky_relu = <T>(ops: Ops<T>, x: T, slope = 0.2): T =>
  whereAbove(ops, x, 0, x, multiply(ops, x, scalar(ops, slope)));
const elu = <T>(ops: Ops<T>, x: T, alpha = 1): T =>
  whereAbove(ops, x, 0, x, multiply(ops, expBelow(ops, x), scalar(ops, alpha)));

const SELU_SCALE = 1.0507009873554805;
const SELU_ALPHA = 1.6732632423543772;

const FUNCTIONS = {
  linear: <T>(_ops: Ops<T>, x: T): T => x,
  relu,
  relu6,
  leaky_relu,
  elu,
  silu,
  hard_sigmoid,
  tanh: <T>(ops: Ops<T>, x: T): T => ops.unary("tanh", x),
  sigmoid: <T>(ops: Ops<T>, x: T): T => ops.unary("sigmoid", x),
  softmax: <T>(ops: Ops<T>, x: T): T => softmax(ops, x),
  log_softmax: <T>(ops: Ops<T>, x: T): T => log_softmax(ops, x),
  hard_sigmoid_keras2: <T>(ops: Ops<T>, x: T): T =>
    clip(ops, add(ops, multiply(ops, x, scalar(ops, 0.2)), scalar(ops, 0.5)), 0, 1),
  celu: <T>(ops: Ops<T>, x: T): T =>
    add(ops, relu(ops, x), ops.unary("expm1", ops.binary("minimum", x, scalar(ops, 0)))),
  selu: <T>(ops: Ops<T>, x: T): T =>
    whereAbove(
      ops,
      x,
      0,
      multiply(ops, x, scalar(ops, SELU_SCALE)),
      multiply(ops, expBelow(ops, x), scalar(ops, SELU_SCALE * SELU_ALPHA)),
    ),
  exponential: <T>(ops: Ops<T>, x: T): T => ops.unary("exp", x),
  gelu: <T>(ops: Ops<T>, x: T): T => {
    const erf = ops.unary("erf", divide(ops, x, scalar(ops, Math.SQRT2)));
    return multiply(ops, multiply(ops, x, scalar(ops, 0.5)), add(ops, erf, scalar(ops, 1)));
  },
  glu: <T>(ops: Ops<T>, x: T): T => {
    const half = knownDim(ops.dimsOf(x), -1) / 2;
    return multiply(ops, ops.slice(x, -1, 0, half), ops.unary("sigmoid", ops.slice(x, -1, half, null)));
  },
  hard_shrink: <T>(ops: Ops<T>, x: T): T => whereAbove(ops, ops.unary("abs", x), 0.5, x, scalar(ops, 0)),
  hard_silu: <T>(ops: Ops<T>, x: T): T => multiply(ops, x, hard_sigmoid(ops, x)),
  hard_tanh: <T>(ops: Ops<T>, x: T): T => clip(ops, x, -1, 1),
  log_sigmoid: <T>(ops: Ops<T>, x: T): T =>
    ops.unary("negative", ops.unary("softplus", ops.unary("negative", x))),
  mish: <T>(ops: Ops<T>, x: T): T => multiply(ops, x, ops.unary("tanh", ops.unary("softplus", x))),
  softplus: <T>(ops: Ops<T>, x: T): T => ops.unary("softplus", x),
  softsign: <T>(ops: Ops<T>, x: T): T => divide(ops, x, add(ops, ops.unary("abs", x), scalar(ops, 1))),
  soft_shrink: <T>(ops: Ops<T>, x: T): T =>
    add(
      ops,
      relu(ops, subtract(ops, x, scalar(ops, 0.5))),
      ops.binary("minimum", add(ops, x, scalar(ops, 0.5)), scalar(ops, 0)),
    ),
  sparse_plus: <T>(ops: Ops<T>, x: T): T => {
    const base = relu(ops, add(ops, x, scalar(ops, 1)));
    const parabola = multiply(ops, ops.binary("power", base, scalar(ops, 2)), scalar(ops, 0.25));
    return ops.where(ops.compare("less", x, scalar(ops, 1)), parabola, x);
  },
  sparse_sigmoid: <T>(ops: Ops<T>, x: T): T =>
    clip(ops, multiply(ops, add(ops, x, scalar(ops, 1)), scalar(ops, 0.5)), 0, 1),
  sparsemax,
  squareplus: <T>(ops: Ops<T>, x: T): T => {
    const root = ops.unary("sqrt", add(ops, ops.unary("square", x), scalar(ops, 4)));
    return multiply(ops, add(ops, x, root), scalar(ops, 0.5));
  },
  tanh_shrink: <T>(ops: Ops<T>, x: T): T => subtract(ops, x, ops.unary("tanh", x)),
};

type Plain = keyof typeof FUNCTIONS;
/** A name, or a function with its parameter: "leaky_relu(0.3)", where a layer was given as an activation. */
export type Activation = Plain | `leaky_relu(${number})` | `elu(${number})`;

const ALIASES: Readonly<Record<string, Plain>> = { swish: "silu", hard_swish: "hard_silu" };

export const activation: DialectDecoder<Activation> = {
  decodeIn(json, dialect, where) {
    if (json === null || json === undefined) return "linear";
    if (isObject(json)) {
      const reduced = fromObject(json);
      if (reduced !== undefined) return activation.decodeIn(reduced, dialect, where);
      throw invalid("an activation's name, or a layer that is one", json, where);
    }
    if (typeof json !== "string") throw invalid("an activation's name", json, where);
    if (/^(leaky_relu|elu)\([-+.\de]+\)$/.test(json)) return json as Activation;
    // TF.js spells names in camelCase.
    const name = dialect === "tfjs" ? json.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`) : json;
    if (name === "hard_sigmoid" && dialect !== "keras3") return "hard_sigmoid_keras2";
    const plain = ALIASES[name] ?? name;
    if (Object.hasOwn(FUNCTIONS, plain)) return plain as Plain;
    throw invalid("an activation's name", json, where);
  },
  encodeIn: (value, _raw, { to }) => wordFor(value, to),
};

/** Beyond what every Keras and TF.js have. */
const KERAS3_ONLY = new Set<string>(
  `hard_sigmoid celu glu hard_shrink hard_silu hard_tanh log_sigmoid soft_shrink sparse_plus sparse_sigmoid sparsemax
  squareplus tanh_shrink`.split(/\s+/),
);
/** Of Keras 2, and not of TF.js 4.22 (tfjs-layers activations.ts). */
const NOT_IN_TFJS = new Set<string>(["leaky_relu", "exponential"]);
const SPELLED: Partial<Record<Dialect, Readonly<Record<string, string>>>> = {
  keras2: { silu: "swish", hard_sigmoid_keras2: "hard_sigmoid" },
  tfjs: { silu: "swish", hard_sigmoid_keras2: "hard_sigmoid" },
};

/** Throws `convert.inexpressible` where `dialect` has no word for the function. */
function wordFor(value: Activation, dialect: Dialect): Json {
  const layer = /^(leaky_relu|elu)\((.*)\)$/.exec(value);
  if (layer !== null) return layerFor(layer[1] === "elu" ? "ELU" : "LeakyReLU", Number(layer[2]), dialect);
  const missing =
    dialect === "keras3"
      ? value === "hard_sigmoid_keras2"
      : KERAS3_ONLY.has(value) || (dialect === "tfjs" && NOT_IN_TFJS.has(value));
  if (missing) throw inexpressible(value, dialect);
  return SPELLED[dialect]?.[value] ?? value;
}

function inexpressible(value: Activation, dialect: Dialect): VernierError {
  const target = { tfjs: "TensorFlow.js", keras3: "Keras 3" }[dialect as "tfjs" | "keras3"] ?? "Keras 2";
  return new VernierError("convert.inexpressible", {
    className: "a layer",
    key: "activation",
    value: value === "hard_sigmoid_keras2" ? "hard_sigmoid of Keras 2 (0.2x + 0.5)" : value,
    target,
  });
}

function layerFor(class_name: "ELU" | "LeakyReLU", parameter: number, dialect: Dialect): Json {
  const key = class_name === "LeakyReLU" && dialect === "keras3" ? "negative_slope" : "alpha";
  const config = { [key]: parameter };
  // Keras 3 finds the layer by its module; Keras 2 passes over it.
  return dialect === "keras3" || dialect === "keras2"
    ? { module: "keras.layers", class_name, config, registered_name: null }
    : { class_name, config };
}

/** What a serialized function or layer comes to, where one of the functions is exactly it. */
function fromObject(json: Record<string, unknown>): string | undefined {
  const { class_name, config } = json;
  if (typeof config === "string") return config;
  const keys = isObject(config) ? config : {};
  const slope = Number(keys["negative_slope"] ?? keys["alpha"] ?? (class_name === "LeakyReLU" ? 0.3 : 0));
  switch (class_name) {
    case "Activation":
      return typeof keys["activation"] === "string" ? keys["activation"] : undefined;
    case "LeakyReLU":
      return `leaky_relu(${Math.fround(slope)})`;
    case "ELU":
      return `elu(${Math.fround(Number(keys["alpha"] ?? 1))})`;
    case "Softmax":
      return (keys["axis"] ?? -1) === -1 ? "softmax" : undefined;
    case "ReLU": {
      const max = keys["max_value"] ?? null;
      if (Number(keys["threshold"] ?? 0) !== 0) return undefined;
      if (slope !== 0) return max === null ? `leaky_relu(${Math.fround(slope)})` : undefined;
      return max === null ? "relu" : max === 6 ? "relu6" : undefined;
    }
    default:
      return undefined;
  }
}

export function activate<T>(ops: Ops<T>, name: Activation, x: T): T {
  if (Object.hasOwn(FUNCTIONS, name)) return FUNCTIONS[name as Plain](ops, x);
  const [family, parameter] = name.slice(0, -1).split("(");
  return (family === "elu" ? elu : leaky_relu)(ops, x, Number(parameter));
}

/** Every name, for samples and for what a message lists. */
export const ACTIVATIONS = Object.keys(FUNCTIONS) as readonly Plain[];
