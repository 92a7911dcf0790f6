/** @file What the tests of destinations write, and how. */

import { readdirSync } from "node:fs";
import { type DestinationOptions, openDestination } from "../src/formats/destination.node.ts";
import type { OutputFile } from "../src/formats/output.ts";

export const file = (text: string): readonly OutputFile[] => [
  {
    name: "any",
    sizeBytes: text.length,
    async *pieces() {
      yield new TextEncoder().encode(text);
    },
  },
];

export async function write(
  dest: string,
  files: readonly OutputFile[],
  options: DestinationOptions,
): Promise<readonly string[]> {
  await using destination = await openDestination(dest, options);
  return (await destination.stage(files)).commit();
}

export const folder = (overwrite = false): DestinationOptions => ({ kind: "folder", overwrite });
export const single = (overwrite = false): DestinationOptions => ({ kind: "file", overwrite });
/** The files of `constantModel`. */
export const PLAIN = ["group1-shard1of3.bin", "group1-shard2of3.bin", "group1-shard3of3.bin", "model.json"];
export const list = (path: string): string[] => readdirSync(path).sort();
