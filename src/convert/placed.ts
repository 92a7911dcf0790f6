/** @file A layer in the target's words, put where it stood: its parts with names, connections and weights. */

import type { JsonObject } from "../base/json.ts";
import type { Problem } from "../base/problem.ts";
import type { ModelLayer } from "../model/model.ts";
import type { TopologyLayer } from "../model/topology.ts";
import type { Dims } from "../tensor/tensor.ts";
import type { LedgerBook } from "./ledger-book.ts";
import type { TargetNames } from "./names.ts";
import type { PlannedLayer, RewrittenLayer } from "./plan.ts";
import type { Rewritten } from "./rewritten.ts";
import { sourceOf } from "./weight-source.ts";

/** What is written down on the way. */
export interface PlacingState {
  readonly names: TargetNames;
  readonly book: LedgerBook;
  readonly rewritten: RewrittenLayer[];
  readonly keptKeys: Map<string, JsonObject>;
  readonly problems: Problem[];
}

export function placed(
  state: PlacingState,
  said: Rewritten,
  layer: TopologyLayer,
  at: {
    readonly name: string;
    readonly path: string;
    readonly prefix: string;
    readonly nodes: PlannedLayer["nodes"];
    readonly entry: ModelLayer;
    readonly fed: readonly Dims[];
    readonly repeats: readonly number[];
    readonly integers: boolean;
  },
): PlannedLayer[] {
  const names = said.parts.map(({ suffix }, i) =>
    i === said.parts.length - 1 ? at.name : state.names.fresh(`${at.name}_${suffix}`),
  );
  if (said.ids.length > 0)
    state.rewritten.push({
      path: layer.path,
      className: at.entry.layer.className,
      rewrite: said.ids.join(", "),
      exact: said.exact,
      fed: at.fed,
      repeats: at.repeats,
      integers: at.integers,
      lost: at.entry.weights.filter(
        ({ spec }) =>
          !said.parts.some(({ weights }) =>
            weights.some(
              ({ from, map, back, block }) =>
                from === spec.name && (map === undefined || back !== undefined || block !== undefined),
            ),
          ),
      ),
      reads: [
        ...new Set(
          said.parts.flatMap(({ calls }) =>
            calls.flat().flatMap((ref) => ("input" in ref ? [ref.input] : [])),
          ),
        ),
      ],
      parts: names.map((name) => `${at.prefix}${name}`),
      calls: said.parts.map(({ calls }) => calls.length),
    });
  for (const fault of said.faults)
    state.problems.push({
      code: "convert.known-fault",
      where: at.path,
      message: `TensorFlow.js computes this ${at.entry.layer.className} wrongly on some backends: ${fault.why}`,
      hint: fault.remedy,
      severity: "warning",
    });
  const planned = said.parts.map((part, i): PlannedLayer => {
    const name = names[i] ?? at.name;
    return {
      name,
      path: `${at.prefix}${name}`,
      className: part.said.className,
      config: part.said.config,
      nodes: at.nodes.flatMap((node, index) =>
        part.calls.map((refs) => ({
          ...node,
          // Only the layer itself takes states, masks and constants.
          ...(part.main ? {} : { initial_state: [], mask: null, constants: {} }),
          inputs: refs.flatMap((ref) => {
            if ("input" in ref) return node.inputs[ref.input] ?? [];
            const before = index * (said.parts[ref.part]?.calls.length ?? 1);
            return [{ layer: names[ref.part] ?? at.name, node: before + (ref.call ?? 0), tensor: 0 }];
          }),
        })),
      ),
      input: null,
      inner: null,
      weights: part.weights.map((weight) => {
        const { name: own, trainable, older } = weight;
        return { name: own, trainable, older, source: sourceOf(at.entry, weight) };
      }),
      bound: part.said.bound,
      fed: part.fed,
      given: part.given,
    };
  });
  const main = planned[said.parts.findIndex((part) => part.main)] ?? planned.at(-1);
  if (main !== undefined) {
    state.book.layer(layer, at.entry, said, planned, main.path);
    const kept = { ...said.keys.kept, ...said.unknown, ...keptInside(said) };
    if (Object.keys(kept).length > 0) state.keptKeys.set(main.path, kept);
  }
  return planned;
}

/** By paths: "layer/config/kernel_constraint". */
const keptInside = ({ parts }: Rewritten): JsonObject =>
  Object.fromEntries(
    parts.flatMap(({ said }) =>
      said.inside.filter(({ kept }) => kept).map(({ path, value }) => [path, value]),
    ),
  );
