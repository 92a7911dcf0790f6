/** @file The nodes of a graph model in the order in which they run, and who takes in what. */

import type { GraphNode } from "../formats/graph-def.ts";

export interface GraphFlow {
  /** Each after all that it takes in; of a loop (control flow of TensorFlow 1), what closes it comes last. */
  readonly order: readonly GraphNode[];
  /** Position in `order`. */
  readonly position: ReadonlyMap<string, number>;
  /** By name of the node that is taken in; control inputs left out. */
  readonly consumers: ReadonlyMap<string, readonly GraphNode[]>;
}

export function graphFlow(nodes: readonly GraphNode[]): GraphFlow {
  const consumers = new Map<string, GraphNode[]>();
  const missing = new Map<string, number>();
  for (const node of nodes) {
    const producers = new Set(node.inputs.filter(({ control }) => !control).map((edge) => edge.node));
    missing.set(node.name, producers.size);
    for (const producer of producers) {
      const list = consumers.get(producer);
      if (list === undefined) consumers.set(producer, [node]);
      else list.push(node);
    }
  }
  const order: GraphNode[] = [];
  const position = new Map<string, number>();
  const run = (start: GraphNode): void => {
    const ready = [start];
    for (let node = ready.pop(); node !== undefined; node = ready.pop()) {
      if (position.has(node.name)) continue;
      position.set(node.name, order.length);
      order.push(node);
      const next = (consumers.get(node.name) ?? []).filter(({ name }) => {
        const left = (missing.get(name) ?? 0) - 1;
        missing.set(name, left);
        return left === 0;
      });
      ready.push(...next.toReversed());
    }
  };
  for (const node of nodes) if (missing.get(node.name) === 0) run(node);
  for (const node of nodes) if (!position.has(node.name)) run(node);
  return { order, position, consumers };
}
