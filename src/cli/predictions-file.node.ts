/** @file `--predictions FILE`: every prediction of both sides, as `.npz` or `.json`. Never over a file that is there. */

import { stat } from "node:fs/promises";
import { VernierError } from "../base/errors.ts";
import type { PredictionOptions } from "../explain/options.ts";
import { writeNpy } from "../formats/npy.ts";
import type { OutputFile } from "../formats/output.ts";
import { zipOf } from "../formats/zip-writer.ts";
import { renderJson } from "../report/json.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { writeNewFile } from "./report-file.ts";

export interface PredictionsFile {
  /** Of one check; `engineB` tells several apart. */
  keep(engineB: string): NonNullable<PredictionOptions["onPredictions"]>;
  write(): Promise<void>;
}

/** Refuses before any work is done; null where nothing is asked for. */
export async function predictionsFile(path: string | undefined): Promise<PredictionsFile | null> {
  if (path === undefined) return null;
  const isNpz = /\.npz$/i.test(path);
  if (!isNpz && !/\.json$/i.test(path))
    throw new VernierError("usage.invalid", {
      reason: `--predictions ${path}: the name has to end in .npz or .json`,
    });
  if ((await stat(path).catch(() => null)) !== null)
    throw new VernierError("usage.invalid", {
      reason: `--predictions ${path}: something is there already; it is not overwritten`,
    });
  const byEngine = new Map<string, Parameters<NonNullable<PredictionOptions["onPredictions"]>>[0]>();
  const all = (): Map<string, Tensor> => {
    const named = new Map<string, Tensor>();
    for (const [engine, { a, b }] of byEngine) {
      for (const { name, tensor } of a.outputs) named.set(`a/${name}`, tensor);
      const side = byEngine.size === 1 ? "b" : `b@${engine}`;
      for (const { name, tensor } of b.outputs) named.set(`${side}/${name}`, tensor);
    }
    return named;
  };
  return {
    keep: (engineB) => (sides) => void byEngine.set(engineB, sides),
    async write() {
      const named = all();
      if (named.size === 0) return;
      await writeNewFile(path, isNpz ? await npzOf(named, path) : jsonOf(named), false);
    },
  };
}

/** Keys as in the `.npz`: "a/dense", "b/dense". */
function jsonOf(named: ReadonlyMap<string, Tensor>): string {
  const predictions = Object.fromEntries(
    [...named].map(([name, { shape, dtype, data }]) => [
      name,
      { shape, dtype, values: nested([...data], shape) },
    ]),
  );
  return renderJson({ schema: "vernier.predictions/1", predictions });
}

function nested(values: readonly unknown[], shape: readonly number[]): unknown {
  if (shape.length === 0) return values[0];
  if (shape.length === 1) return values;
  const [rows = 0, ...inner] = shape;
  const size = rows === 0 ? 0 : values.length / rows;
  return Array.from({ length: rows }, (_, i) => nested(values.slice(i * size, (i + 1) * size), inner));
}

async function npzOf(named: ReadonlyMap<string, Tensor>, path: string): Promise<Uint8Array> {
  const files = [...named].map(([name, tensor]): OutputFile => {
    const bytes = writeNpy(tensor);
    return {
      name: `${name}.npy`,
      sizeBytes: bytes.byteLength,
      async *pieces() {
        yield bytes;
      },
    };
  });
  const parts: Uint8Array[] = [];
  for await (const piece of zipOf(files, path).pieces()) parts.push(piece.slice());
  return Buffer.concat(parts);
}
