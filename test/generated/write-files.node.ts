/** @file Files of a conversion on the disk. */

import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

export async function writeFilesIn(folder: string, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
  for (const [name, bytes] of files) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, bytes);
  }
}
