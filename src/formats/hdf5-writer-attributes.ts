/** @file Lists of names that are too long for one HDF5 attribute, split as Keras splits them. */

import { VernierError } from "../base/errors.ts";
import { encodeText, fixedWidth } from "./hdf5-writer-value.ts";

/** `HDF5_OBJECT_HEADER_LIMIT` of `keras/src/legacy/saving/legacy_h5_format.py`. */
const HDF5_OBJECT_HEADER_LIMIT = 64_512;

/**
 * `[name, list]`, or when that is too long `[name0, …], [name1, …], …`, in equal parts as `np.array_split` makes them.
 * Throws `file.unsupported` when one item alone is too long, as Keras does.
 */
export function splitAttribute(
  name: string,
  list: readonly string[],
): (readonly [name: string, value: readonly string[]])[] {
  const width = fixedWidth(list.map((item) => encodeText(item, name)));
  if (width > HDF5_OBJECT_HEADER_LIMIT) {
    const details = {
      what: `a name of ${width} bytes in an HDF5 file`,
      remedy: "give the layer a shorter one",
    };
    throw new VernierError("file.unsupported", details, { where: name });
  }
  const largestPart = Math.floor(HDF5_OBJECT_HEADER_LIMIT / width);
  const count = Math.ceil(list.length / largestPart);
  if (count <= 1) return [[name, list]];
  const [size, longer] = [Math.floor(list.length / count), list.length % count];
  let start = 0;
  return Array.from({ length: count }, (_, i) => {
    const part = list.slice(start, start + size + (i < longer ? 1 : 0));
    start += part.length;
    return [`${name}${i}`, part] as const;
  });
}
