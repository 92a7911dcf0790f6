/** @file `--report FILE`: written after the check, never over a file that is not such a report. */

import { readFile, writeFile } from "node:fs/promises";
import { VernierError } from "../base/errors.ts";
import { isObject } from "../base/json.ts";

const SCHEMAS: readonly unknown[] = ["vernier.report/1", "vernier.reports/1"];

/** Refuses before any work is done; the result writes the text to every file. */
export async function reportFiles(paths: readonly string[]): Promise<(text: string) => Promise<void>> {
  for (const path of paths) {
    if (!path.toLowerCase().endsWith(".json"))
      throw new VernierError("usage.invalid", { reason: `--report ${path}: the name has to end in .json` });
    if (!(await mayWrite(path)))
      throw new VernierError("usage.invalid", {
        reason: `--report ${path}: there is a file that is not a report of Vernier; it is not overwritten`,
      });
  }
  return async (text) => {
    for (const path of paths) {
      try {
        await writeFile(path, text);
      } catch (cause) {
        const reason = `--report ${path} cannot be written: ${cause instanceof Error ? cause.message : String(cause)}`;
        throw new VernierError("usage.invalid", { reason }, { cause });
      }
    }
  };
}

/** Nothing is there, or a report is. */
async function mayWrite(path: string): Promise<boolean> {
  try {
    const json: unknown = JSON.parse(await readFile(path, "utf8"));
    return isObject(json) && SCHEMAS.includes(json["schema"]);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ENOENT";
  }
}

/** A file that is not a report: never over one that is there, unless told so. */
export async function writeNewFile(path: string, text: string, overwrite: boolean): Promise<void> {
  try {
    await writeFile(path, text, { flag: overwrite ? "w" : "wx" });
  } catch (cause) {
    const exists = cause instanceof Error && "code" in cause && cause.code === "EEXIST";
    const reason = exists
      ? `${path} is there already; --overwrite replaces it`
      : `${path} cannot be written: ${cause instanceof Error ? cause.message : String(cause)}`;
    throw new VernierError("usage.invalid", { reason }, { cause });
  }
}
