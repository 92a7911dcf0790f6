/** @file What is built differently in two models, once everything that is the same has been paired. */

import { type Flow, isIdentity } from "./flow.ts";
import { connectionsAgree, type Pairing } from "./pairing.ts";

export interface StructureDifference {
  readonly kind: "missing-layer" | "extra-layer" | "class" | "connections" | "outputs" | "inputs";
  readonly nameA: string | null;
  readonly nameB: string | null;
  readonly message: string;
}

interface Positions {
  readonly a: number;
  readonly b: number;
}

export function structureOf(
  a: Flow,
  b: Flow,
  pairing: Pairing,
  inputs: readonly Positions[],
  outputs: readonly Positions[],
): StructureDifference[] {
  return [
    ...layersOf(a, b, pairing),
    ...connectionsOf(a, b, pairing),
    ...endsOf("inputs", a.model.inputs, b.model.inputs, inputs),
    ...endsOf("outputs", a.model.outputs, b.model.outputs, outputs),
  ];
}

/** A layer counts as there when it is paired; one that no call uses changes nothing. */
function layersOf(a: Flow, b: Flow, pairing: Pairing): StructureDifference[] {
  const alone = ({ model, nodes }: Flow, paired: ReadonlyMap<number, number>) => {
    const called = new Set(nodes.map((node) => node?.layer));
    return model.layers.flatMap(({ path, layer }, index) =>
      paired.has(index) || isIdentity(model, index) || !called.has(index)
        ? []
        : [{ path, className: layer.className }],
    );
  };
  const onlyA = alone(a, pairing.layerB);
  const onlyB = alone(b, pairing.layerA);
  const found: StructureDifference[] = [];
  for (const { path, className } of onlyA) {
    const same = onlyB.find((other) => other.path === path);
    if (same === undefined) {
      const message = `${path} (${className}) is missing in the second model`;
      found.push({ kind: "missing-layer", nameA: path, nameB: null, message });
    } else {
      const message = `${path} is a ${className} in the first model and a ${same.className} in the second`;
      found.push({ kind: "class", nameA: path, nameB: path, message });
    }
  }
  for (const { path, className } of onlyB) {
    if (onlyA.some((other) => other.path === path)) continue;
    const message = `${path} (${className}) is only in the second model`;
    found.push({ kind: "extra-layer", nameA: null, nameB: path, message });
  }
  return found;
}

/** Calls that are paired but fed by other calls; where the one that feeds them is missing, that is said already. */
function connectionsOf(a: Flow, b: Flow, pairing: Pairing): StructureDifference[] {
  const found: StructureDifference[] = [];
  for (const [callA, callB] of [...pairing.callB].sort(([x], [y]) => x - y)) {
    const [nodeA, nodeB] = [a.nodes[callA], b.nodes[callB]];
    if (nodeA === undefined || nodeB === undefined || connectionsAgree(nodeA, nodeB, pairing)) continue;
    const known =
      nodeA.inputs.every(({ call }) => pairing.callB.has(call)) &&
      nodeB.inputs.every(({ call }) => pairing.callA.has(call));
    if (!known && nodeA.inputs.length === nodeB.inputs.length) continue;
    const [nameA, nameB] = [a.model.calls[callA]?.id ?? null, b.model.calls[callB]?.id ?? null];
    const from = (flow: Flow, calls: typeof nodeA.inputs): string =>
      calls.map(({ call }) => flow.model.calls[call]?.id ?? "?").join(", ");
    const message = `${nameA} takes ${from(a, nodeA.inputs)} in the first model and ${from(b, nodeB.inputs)} in the second`;
    found.push({ kind: "connections", nameA, nameB, message });
  }
  return found;
}

function endsOf(
  kind: "inputs" | "outputs",
  namesA: readonly { readonly name: string }[],
  namesB: readonly { readonly name: string }[],
  pairs: readonly Positions[],
): StructureDifference[] {
  const what = kind === "inputs" ? "input" : "output";
  const onlyA = namesA.filter((_, i) => !pairs.some(({ a }) => a === i));
  const onlyB = namesB.filter((_, i) => !pairs.some(({ b }) => b === i));
  return [
    ...onlyA.map(({ name }) => ({
      kind,
      nameA: name,
      nameB: null,
      message: `the ${what} "${name}" is only in the first model`,
    })),
    ...onlyB.map(({ name }) => ({
      kind,
      nameA: null,
      nameB: name,
      message: `the ${what} "${name}" is only in the second model`,
    })),
  ];
}
