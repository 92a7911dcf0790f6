/** @file An index against a row of zeros with a one at it. */

import type { Arrangement, ArrangementKind } from "../step.ts";

export const oneHot: ArrangementKind = {
  id: "one-hot",
  order: 9,
  propose(from, to) {
    const depth = to.shape.at(-1) ?? 0;
    const single = from.shape.at(-1) === 1 && from.shape.length === to.shape.length;
    const indices = single ? from.shape.slice(0, -1) : from.shape;
    return from.isWhole && depth >= 2 && indices.join() === to.shape.slice(0, -1).join()
      ? [hot(indices, depth, single)]
      : [];
  },
};

function hot(indices: readonly number[], depth: number, single: boolean): Arrangement {
  const squeezedJs = (x: string): string => (single ? `tf.squeeze(${x}, [-1])` : x);
  return {
    id: "one-hot",
    params: { depth },
    bits: 1,
    shape: [...indices, depth],
    reader: (read) => (at) => (read(Math.floor(at / depth)) === at % depth ? 1 : 0),
    js: (x) => `tf.oneHot(${squeezedJs(x)}.toInt(), ${depth})`,
    python: (x) => `np.eye(${depth})[${single ? `${x}[..., 0]` : x}.astype(int)]`,
    undo: (x) => `np.argmax(${x}, axis=-1)${single ? "[..., None]" : ""}`,
  };
}
