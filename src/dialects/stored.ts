/** @file A weight as a file has it, and what its name says: "outer/layer/kernel:0". */

import type { StoredTensor } from "../model/model.ts";

export interface Stored extends StoredTensor {
  readonly quantization: string | null;
}

/** Its steps, without Keras 2's ":0". */
export const stepsOf = (name: string): string[] => name.replace(/:\d+$/, "").split("/");

/** The last of them: the weight's own name, or a layer's. */
export const lastOf = (name: string): string => stepsOf(name).at(-1) ?? name;

/** How many steps of a layer's path, its last and those before, the name has in a row; 0 where it is another layer's. */
export function stepsShared(name: string, path: string): number {
  const steps = stepsOf(name).slice(0, -1);
  const own = path.split("/").reverse();
  const shared = (at: number): number => {
    const parts = own.findIndex((step, back) => steps[at - back] !== step);
    return parts === -1 ? own.length : parts;
  };
  return steps.reduce((most, _, at) => Math.max(most, shared(at)), 0);
}

/** Those of most, by a measure; none where the most is 0. */
export function most<T>(items: readonly T[], measure: (item: T) => number): readonly T[] {
  const measured = items.map((item) => ({ item, count: measure(item) }));
  const best = measured.reduce((count, one) => Math.max(count, one.count), 0);
  return best === 0 ? [] : measured.filter(({ count }) => count === best).map(({ item }) => item);
}
