/** @file Bytes, a page's `File` or any other source → a canonical model, without a platform. */

import { VernierError } from "../base/errors.ts";
import { sha256Hex } from "../base/sha256.ts";
import { type BlobLike, blobSource } from "../formats/blob.ts";
import { openClassicHdf5 } from "../formats/hdf5-classic.ts";
import { type FileOpeners, openModelFiles } from "../formats/model-files.ts";
import { bytesSource, readAll, type Source } from "../formats/source.ts";
import { architectureIn } from "./read-architecture.ts";
import { type OpenedModel, readModelFiles } from "./read-files.ts";

/** `Blob` is also what a page's `File` is. */
export type ModelData = Source | Uint8Array | BlobLike;

export interface ReadModelOptions {
  /** What messages call it. @default the name of a `Source` or a `File`, else "model" */
  readonly name?: string;
  /** Gives a file that lies beside it, such as the weight files of a `model.json`; `null` where there is none. */
  readonly openBeside?: (relativePath: string) => ModelData | null | Promise<ModelData | null>;
  /** Describes the layers of a file that holds weights alone: `model.to_json()`, or a whole model. */
  readonly architecture?: ModelData;
}

/**
 * Weights are read when they are needed: what was given must stay readable until the result is disposed of.
 * Throws `file.*`, `config.invalid`, `layer.unsupported`, `graph.malformed`. HDF5 files outside the classic layout
 * (`libver="latest"`) are `file.unsupported` here: what reads them needs a thread, which `vernier/node` has.
 */
export async function readModel(data: ModelData, options: ReadModelOptions = {}): Promise<OpenedModel> {
  const { openBeside, architecture } = options;
  const source = sourceOf(data, options.name ?? nameOf(data) ?? "model");
  const openers: FileOpeners = {
    async openBeside(relativePath) {
      const beside = await openBeside?.(relativePath);
      if (beside === null || beside === undefined) {
        const reason =
          openBeside === undefined
            ? "only the model's own file was given (openBeside gives those beside it)"
            : "there is no such file among those given";
        throw new VernierError("file.unreadable", { reason }, { where: [relativePath] });
      }
      return sourceOf(beside, relativePath);
    },
    openHdf5: (opened) => openClassicHdf5(opened, async () => Promise.reject(needsThread(opened))),
    sha256: sha256Of,
  };
  const described =
    architecture === undefined
      ? null
      : async () => {
          const described = sourceOf(architecture, nameOf(architecture) ?? "architecture");
          return architectureIn(await openModelFiles(described, openers), described.name);
        };
  return readModelFiles(await openModelFiles(source, openers), source.name, described);
}

function sourceOf(data: ModelData, name: string): Source {
  if (data instanceof Uint8Array) return bytesSource(data, name);
  return "read" in data ? data : blobSource(data, name);
}

const nameOf = (data: ModelData): string | null =>
  "name" in data && typeof data.name === "string" && data.name !== "" ? data.name : null;

const needsThread = ({ name }: Source): VernierError =>
  new VernierError(
    "file.unsupported",
    {
      what: 'an HDF5 file of the newer layout (libver="latest")',
      remedy: "convert it on the command line, which reads it, or save it again with Keras",
    },
    { where: [name] },
  );

/** Web Crypto takes all bytes at once. */
async function sha256Of(parts: readonly Source[]): Promise<string> {
  const bytes = new Uint8Array(parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(await readAll(part), at);
    at += part.sizeBytes;
  }
  return sha256Hex(bytes);
}
