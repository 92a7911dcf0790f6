/** @file The files that are damaged: one or more of every format that is read, with what lies beside each. */

import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

export interface FileSet {
  readonly label: string;
  readonly kind: "model" | "data";
  /** The file that is opened; the first of `files`. */
  readonly main: string;
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Of `files`, or of the fixtures, undamaged. */
  readonly architecture?: string;
}

export const FIXTURES = join(import.meta.dirname, "../../fixtures");

const bytesAt = (path: string): Uint8Array => Uint8Array.from(readFileSync(join(FIXTURES, path)));

const one = (path: string, more: Partial<FileSet> = {}): FileSet => ({
  label: path,
  kind: "model",
  main: basename(path),
  files: new Map([[basename(path), bytesAt(path)]]),
  ...more,
});

const folder = (path: string): FileSet => ({
  label: path,
  kind: "model",
  main: "model.json",
  files: new Map(readdirSync(join(FIXTURES, path)).map((name) => [name, bytesAt(join(path, name))])),
});

/** Files beside the first that begin as it does. */
const beside = (path: string, starts: string, more: Partial<FileSet>): FileSet => ({
  ...one(path, more),
  files: new Map([
    [basename(path), bytesAt(path)],
    ...readdirSync(join(FIXTURES, dirname(path)))
      .filter((name) => name.startsWith(starts))
      .map((name) => [name, bytesAt(join(dirname(path), name))] as const),
  ]),
});

const KERAS = "keras-files";

export const FILE_SETS: readonly FileSet[] = [
  one("keras2/mlp.h5"),
  one("keras2/nested.h5"),
  one("keras2/bidirectional.h5"),
  one("hdf5/keras.h5"),
  one("hdf5/keras-split.h5"),
  one("keras3/cnn-residual.h5"),
  one("keras3/lstm-masking.h5"),
  one(`${KERAS}/keras2/trained.keras`),
  one(`${KERAS}/keras2/twice.keras`),
  one(`${KERAS}/tensorflow-2.13.1/wrapped.keras`),
  one(`${KERAS}/keras3/trained.keras`),
  one(`${KERAS}/keras3/wrapped.keras`),
  one(`${KERAS}/keras3/bfloat16.keras`),
  one(`${KERAS}/keras3/windows.keras`),
  one(`${KERAS}/keras3/wrapped.weights.h5`, { architecture: `${KERAS}/keras3/wrapped.json` }),
  one(`${KERAS}/keras2/wrapped.h5`, { architecture: `${KERAS}/keras2/wrapped.json` }),
  beside(`${KERAS}/keras3/trained.weights.json`, "trained_0", {
    architecture: `${KERAS}/keras3/trained.keras`,
  }),
  // The architecture is what is damaged here.
  beside(`${KERAS}/keras3/wrapped.weights.h5`, "wrapped.json", {
    label: `${KERAS}/keras3/wrapped.json`,
    architecture: "wrapped.json",
  }),
  folder("tfjs/mlp"),
  folder("tfjs/nested"),
  folder("tfjs/cnn-residual-sharded"),
  folder("tfjs/cnn-residual-uint8"),
  folder("tfjs/bidirectional"),
  folder("tfjs-graph/mlp"),
  folder("tfjs-graph/loop"),
  folder("tfjs-graph/hash-table"),
  one("npy/stored.npz", { kind: "data" }),
  one("npy/deflated.npz", { kind: "data" }),
  one("npy/fortran.npy", { kind: "data" }),
  one("npy/unicode.npy", { kind: "data" }),
  one("npy/le_f4.npy", { kind: "data" }),
  one(`${KERAS}/keras3/trained.npz`, { kind: "data" }),
];
