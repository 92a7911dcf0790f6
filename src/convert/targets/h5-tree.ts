/** @file A tree of HDF5 groups while it is put together. */

import type { Hdf5AttributeValue, Hdf5Dataset, Hdf5Group } from "../../formats/hdf5-writer.ts";
import type { TensorSource } from "../../formats/output.ts";

export interface MutableGroup extends Hdf5Group {
  readonly attributes: Map<string, Hdf5AttributeValue>;
  readonly children: Map<string, MutableGroup | Hdf5Dataset>;
}

export const emptyGroup = (): MutableGroup => ({ kind: "group", attributes: new Map(), children: new Map() });

/** The group at a path below `root`, made with those above it where it is not there. */
export function groupAt(root: MutableGroup, path: readonly string[]): MutableGroup {
  let group = root;
  for (const step of path) {
    const known = group.children.get(step);
    if (known?.kind === "group") {
      group = known;
      continue;
    }
    const made = emptyGroup();
    group.children.set(step, made);
    group = made;
  }
  return group;
}

/** Keras 3 marks bfloat16, which HDF5 has no type for. */
export const datasetOf = (source: TensorSource): Hdf5Dataset => ({
  kind: "dataset",
  attributes: new Map(source.dtype === "bfloat16" ? [["dtype", "bfloat16"]] : []),
  source,
});
