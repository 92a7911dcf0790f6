/**
 * @file Other names for the weight files of a `model.json`, so that they can lie beside those of the model that it
 * replaces. The new name says what is in the files: a browser that has cached one of them cannot mix two models.
 */

import type { OutputFile } from "./output.ts";

export interface RenamedShards {
  /** In the order of the old ones. */
  readonly names: readonly string[];
  /** `model.json` with the new names. */
  rewrite(model: OutputFile): Promise<OutputFile>;
}

/**
 * `group1-shard1of2.bin` → `group1-shard1of2-1b2c3d4e.bin`, and `-2`, `-3` after it until no name is in use.
 *
 * @param sha256 of all the files and their sizes, in hex
 */
export async function renameShards(
  names: readonly string[],
  sha256: string,
  inUse: (name: string) => Promise<boolean>,
): Promise<RenamedShards> {
  for (let attempt = 1; ; attempt++) {
    const suffix = attempt === 1 ? `-${sha256.slice(0, 8)}` : `-${sha256.slice(0, 8)}-${attempt}`;
    const renamed = names.map((name) => name.replace(/(\.[^./]*)?$/, (ending) => suffix + ending));
    const used = await Promise.all(renamed.map(inUse));
    if (!used.includes(true)) return { names: renamed, rewrite: (model) => rewrite(model, names, renamed) };
  }
}

async function rewrite(
  { name, pieces }: OutputFile,
  from: readonly string[],
  to: readonly string[],
): Promise<OutputFile> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const piece of pieces()) text += decoder.decode(piece, { stream: true });
  const json = JSON.parse(text) as { weightsManifest?: { paths: string[] }[] };
  for (const group of json.weightsManifest ?? []) {
    group.paths = group.paths.map((path) => to[from.indexOf(path)] ?? path);
  }
  const bytes = new TextEncoder().encode(JSON.stringify(json));
  return {
    name,
    sizeBytes: bytes.byteLength,
    async *pieces() {
      yield bytes;
    },
  };
}
