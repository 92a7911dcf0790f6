/**
 * @file Opens an HDF5 file with the reader of our own, which needs no library, no thread and no start-up; where the file
 * turns out to be outside the classic layout, whatever is asked then and later goes to another reader. No platform.
 */

import { VernierError } from "../base/errors.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Hdf5File } from "./hdf5.ts";
import { OutsideSubset } from "./hdf5-classic-fields.ts";
import { ClassicReader } from "./hdf5-classic-reader.ts";
import { located } from "./hdf5-client.ts";
import { unsupported } from "./hdf5-header.ts";
import { PIECE_BYTES } from "./limits.ts";
import type { Source } from "./source.ts";

/**
 * `fallback` is called at most once, when the file proves to be outside the subset; without it, that is
 * `file.unsupported`. Damage is never handed on. Throws `file.malformed` and `file.truncated`.
 */
export async function openClassicHdf5(source: Source, fallback?: () => Promise<Hdf5File>): Promise<Hdf5File> {
  const { name } = source;
  let other: Promise<Hdf5File> | null = null;
  let closed = false;
  /** Throws what is not ours to hand on. */
  const handOn = (error: unknown, path: string): Promise<Hdf5File> => {
    if (!(error instanceof OutsideSubset)) throw located(error, name, path);
    if (fallback === undefined) throw located(unsupported(`an HDF5 file with ${error.message}`), name, path);
    other ??= fallback();
    return other;
  };
  const requireOpen = (): void => {
    if (closed) throw new VernierError("internal", { reason: `"${name}" was read after it was closed` });
  };

  let reader: ClassicReader;
  try {
    reader = await ClassicReader.open(source);
  } catch (error) {
    if (error instanceof OutsideSubset) return handOn(error, "");
    throw error instanceof VernierError
      ? new VernierError(error.code, error.details, { where: [name], cause: error })
      : error;
  }
  const ask = async <T>(
    place: string,
    request: (reader: ClassicReader | Hdf5File) => Promise<T>,
  ): Promise<T> => {
    requireOpen();
    if (other === null) {
      try {
        return await request(reader);
      } catch (error) {
        await handOn(error, place);
      }
    }
    requireOpen();
    return request((await other) ?? reader);
  };
  async function* pieces(path: string, maxBytes = PIECE_BYTES): AsyncGenerator<Tensor> {
    requireOpen();
    if (other === null) {
      try {
        // Whether it is outside the subset shows before the first piece.
        yield* reader.pieces(path, maxBytes);
        return;
      } catch (error) {
        await handOn(error, path);
      }
    }
    yield* ((await other) ?? reader).pieces(path, maxBytes);
  }
  return {
    name,
    kindOf: (path) => ask(path, (file) => file.kindOf(path)),
    attributeNames: (path) => ask(path, (file) => file.attributeNames(path)),
    attribute: (path, key) => ask(`${path}@${key}`, (file) => file.attribute(path, key)),
    group: (path) => ask(path, (file) => file.group(path)),
    dataset: (path) => ask(path, (file) => file.dataset(path)),
    read: (path, range) => ask(path, (file) => file.read(path, range)),
    pieces,
    async close() {
      closed = true;
      await (await other?.catch(() => null))?.close();
    },
  };
}
