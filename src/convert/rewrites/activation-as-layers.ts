/**
 * @file Activations that the target has no word for, said by layers: Rescaling, ReLU, LeakyReLU, ELU and merges.
 *
 * hard_sigmoid is relu6(x + 3) / 6 in Keras 3 (keras/src/ops/nn.py); the others follow from their definitions there.
 */

import type { BoundLayer } from "../../model/layer.ts";
import { after, chain, fromInput, type Part, type Rewrite } from "./rewrite.ts";

type Link = Omit<Part, "inputs">;
const rescaling = (suffix: string, scale: number, offset: number): Link => ({
  suffix,
  className: "Rescaling",
  config: { scale, offset },
});
const relu = (suffix: string, max_value: number | null = null): Link => ({
  suffix,
  className: "ReLU",
  config: { max_value, negative_slope: 0, threshold: 0 },
});
const activation = (suffix: string, name: string): Link => ({
  suffix,
  className: "Activation",
  config: { activation: name },
});

const hardSigmoid = (): Part[] =>
  chain(rescaling("plus3", 1, 3), relu("relu6", 6), rescaling("sixth", 1 / 6, 0));

const LAYERS: Readonly<Record<string, () => Part[]>> = {
  leaky_relu: () =>
    chain({ suffix: "leaky", className: "LeakyReLU", config: { negative_slope: Math.fround(0.2) } }),
  celu: () => chain(activation("elu", "elu")),
  hard_sigmoid: hardSigmoid,
  hard_sigmoid_keras2: () => chain(rescaling("line", 0.2, 0.5), relu("clip", 1)),
  hard_silu: () => [
    ...hardSigmoid(),
    { suffix: "product", className: "Multiply", config: {}, inputs: [fromInput, after(2)] },
  ],
  hard_tanh: () => chain(rescaling("plus1", 1, 1), relu("clip", 2), rescaling("minus1", 1, -1)),
  sparse_sigmoid: () => chain(rescaling("line", 0.5, 0.5), relu("clip", 1)),
  log_sigmoid: () =>
    chain(rescaling("minus", -1, 0), activation("softplus", "softplus"), rescaling("negative", -1, 0)),
  tanh_shrink: () => [
    { ...activation("tanh", "tanh"), inputs: [fromInput] },
    { ...rescaling("minus", -1, 0), inputs: [after(0)] },
    { suffix: "sum", className: "Add", config: {}, inputs: [fromInput, after(1)] },
  ],
  soft_shrink: () => [
    { ...rescaling("down", 1, -0.5), inputs: [fromInput] },
    { ...relu("above"), inputs: [after(0)] },
    { ...rescaling("up", -1, -0.5), inputs: [fromInput] },
    { ...relu("below"), inputs: [after(2)] },
    { ...rescaling("minus", -1, 0), inputs: [after(3)] },
    { suffix: "sum", className: "Add", config: {}, inputs: [after(1), after(4)] },
  ],
};

function partsOf({ config }: BoundLayer): Part[] | null {
  const { activation: name } = config;
  if (typeof name !== "string") return null;
  const parameter = /^(leaky_relu|elu)\((.*)\)$/.exec(name);
  if (parameter !== null)
    return chain(
      parameter[1] === "elu"
        ? { suffix: "elu", className: "ELU", config: { alpha: Number(parameter[2]) } }
        : { suffix: "leaky", className: "LeakyReLU", config: { negative_slope: Number(parameter[2]) } },
    );
  return Object.hasOwn(LAYERS, name) ? (LAYERS[name]?.() ?? null) : null;
}

export const activationAsLayers: Rewrite = {
  id: "activation-as-layers",
  summary: "An activation said by Rescaling, ReLU and merges",
  exact: false,
  parts: partsOf,
};
