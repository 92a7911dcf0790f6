/**
 * @file The same samples in another order. Rows are matched by what neither a scale and shift of each channel nor noise
 * changes: their elements, less the mean of all rows and divided by their deviation.
 */

import { sizeOf } from "../../../tensor/tensor.ts";
import { channelsOf } from "../picture.ts";
import type { Arrangement, ArrangementKind, Numbers } from "../step.ts";

/** Every row is compared with every other. */
const MOST_ROWS = 512;
/** Elements of a row that are compared. */
const LOOKED_AT = 48;

export const batchOrder: ArrangementKind = {
  id: "batch-order",
  order: 10,
  propose(from, to) {
    const rows = from.shape[0] ?? 1;
    if (from.shape.length < 2 || rows < 2 || rows > MOST_ROWS || from.shape.join() !== to.shape.join())
      return [];
    const order = matched(signatures(from), signatures(to));
    return order === null || order.every((row, i) => row === i) ? [] : [reordered(from.shape, order)];
  },
};

function signatures({ shape, read }: Numbers): Float64Array[] {
  const rows = shape[0] ?? 1;
  const width = sizeOf(shape) / rows;
  const count = Math.min(width, LOOKED_AT);
  const channel = channelsOf(shape)?.of ?? (() => 0);
  const places = Array.from({ length: count }, (_, i) =>
    width <= LOOKED_AT ? i : Math.floor(((0.5 + i * 0.6180339887498949) % 1) * width),
  );
  const values = Array.from({ length: rows }, (_, row) =>
    Float64Array.from(places, (at) => read(row * width + at)),
  );
  const groups = new Map<number, number[]>();
  places.forEach((at, i) => {
    const key = channel(at);
    groups.set(key, [...(groups.get(key) ?? []), i]);
  });
  for (const columns of groups.values()) {
    const all = values.flatMap((row) => columns.map((i) => row[i] ?? 0));
    const mean = all.reduce((sum, x) => sum + x, 0) / all.length;
    const deviation = Math.sqrt(all.reduce((sum, x) => sum + (x - mean) ** 2, 0) / all.length) || 1;
    for (const row of values) for (const i of columns) row[i] = ((row[i] ?? 0) - mean) / deviation;
  }
  return values;
}

/** For each row of A the row of B that is nearest; `null` where two rows of A claim the same one. */
function matched(b: readonly Float64Array[], a: readonly Float64Array[]): number[] | null {
  const free = new Set(b.keys());
  const order: number[] = [];
  for (const row of a) {
    let [nearest, least] = [-1, Number.POSITIVE_INFINITY];
    for (const i of free) {
      const other = b[i] ?? row;
      let distance = 0;
      for (let k = 0; k < row.length && distance < least; k++)
        distance += ((row[k] ?? 0) - (other[k] ?? 0)) ** 2;
      if (distance < least) [nearest, least] = [i, distance];
    }
    if (nearest < 0) return null;
    // Nearer than to a row taken at random (whose distance is 2 for each element, on average).
    if (least > row.length / 4) return null;
    free.delete(nearest);
    order.push(nearest);
  }
  return order;
}

function reordered(shape: readonly number[], order: readonly number[]): Arrangement {
  const width = sizeOf(shape) / order.length;
  const back = order.map((_, i) => order.indexOf(i));
  let bits = 0;
  for (let i = 2; i <= order.length; i++) bits += Math.log2(i);
  return {
    id: "batch-order",
    params: { order },
    bits,
    shape,
    injective: true,
    reader: (read) => (at) => read((order[Math.floor(at / width)] ?? 0) * width + (at % width)),
    js: (x) => `tf.gather(${x}, [${order.join(", ")}])`,
    python: (x) => `np.take(${x}, [${order.join(", ")}], axis=0)`,
    undo: (x) => `np.take(${x}, [${back.join(", ")}], axis=0)`,
  };
}
