/**
 * @file A made-up model in the words of a dialect, as that dialect's own programs write them. Written apart from
 * `src/convert`, which is what it tests.
 */

import type { Json, JsonObject } from "../../src/base/json.ts";
import type { MadeCall, MadeGraph, MadeLayer, MadeRef } from "./graph.ts";
import type { Words } from "./training-words.ts";

/** `{ class_name, config }`. `functional`: what Keras 2 and TF.js call a graph: "Model" before tf.keras 2.3. */
export function modelWords(graph: MadeGraph, words: Words, functional = "Functional"): JsonObject {
  const config: Record<string, Json> = { name: graph.name, ...graph.config };
  const entry = (class_name: string): JsonObject =>
    words === "keras3"
      ? {
          module: class_name === "Sequential" ? "keras" : "keras.src.models.functional",
          class_name,
          config,
          registered_name: class_name,
        }
      : { class_name, config };
  if (graph.className === "Sequential") {
    config["layers"] = graph.layers.map((layer) => layerWords(layer, words, functional));
    return entry("Sequential");
  }
  // In Keras 3 a nested Sequential has no call of its own.
  const nested = new Set(
    graph.layers.flatMap(({ inner, name }) =>
      inner === null || (words === "keras3" && inner.className === "Sequential") ? [] : [name],
    ),
  );
  config["layers"] = graph.layers.map((layer) => ({
    ...layerWords(layer, words, functional),
    name: layer.name,
    inbound_nodes: layer.calls.flatMap((call) => {
      if (call.inputs.length === 0) return [];
      return [words === "keras3" ? argumentsOf(call, layer) : connections(call, nested)];
    }),
  }));
  config["input_layers"] = ends(graph.inputs, nested, words);
  config["output_layers"] = ends(graph.outputs, nested, words);
  return entry(words === "keras3" ? "Functional" : functional);
}

/** Keras 3 writes one end without a list. */
function ends(refs: readonly MadeRef[], nested: ReadonlySet<string>, words: Words): Json {
  const list = refs.map((ref): Json => [ref.layer, ref.call + (nested.has(ref.layer) ? 1 : 0), ref.tensor]);
  return words === "keras3" && list.length === 1 ? (list[0] as Json) : list;
}

function layerWords(layer: MadeLayer, words: Words, functional: string): JsonObject {
  if (layer.inner !== null) return modelWords(layer.inner, words, functional);
  const { className, input, config, name } = layer;
  const place = words === "keras3" ? "batch_shape" : "batch_input_shape";
  const own: JsonObject =
    input === null
      ? { name, ...config }
      : { [place]: [...input.dims], dtype: input.dtype, sparse: false, name };
  if (words !== "keras3") return { class_name: className, config: own };
  return {
    module: "keras.layers",
    class_name: className,
    config: own,
    registered_name: null,
    ...(input === null && layer.fed.length === 1
      ? { build_config: { input_shape: [...(layer.fed[0] ?? [])] } }
      : {}),
  };
}

/** Keras 2 and TF.js; states of recurrent layers stand behind the input. */
function connections({ inputs, initial_state, mask }: MadeCall, nested: ReadonlySet<string>): Json {
  const refOf = ({ layer, call, tensor }: MadeRef): Json[] => [
    layer,
    call + (nested.has(layer) ? 1 : 0),
    tensor,
  ];
  const kwargs: JsonObject = mask === null ? {} : { mask: refOf(mask) };
  return [...inputs, ...initial_state].map((ref, i) => [...refOf(ref), i === 0 ? kwargs : {}]);
}

const MERGES = /^(Add|Subtract|Multiply|Average|Maximum|Minimum|Concatenate|Dot)$/;

function argumentsOf({ inputs, initial_state, mask }: MadeCall, { className, inner }: MadeLayer): Json {
  const tensor = ({ layer, call, tensor: index }: MadeRef): JsonObject => ({
    class_name: "__keras_tensor__",
    config: { shape: [null], dtype: "float32", keras_history: [layer, call, index] },
  });
  const list = MERGES.test(className) || (inner !== null && inputs.length > 1);
  return {
    args: list ? [inputs.map(tensor)] : inputs.map(tensor),
    kwargs: {
      ...(mask === null ? {} : { mask: tensor(mask) }),
      ...(initial_state.length === 0 ? {} : { initial_state: initial_state.map(tensor) }),
    },
  };
}
