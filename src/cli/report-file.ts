/** @file `--report FILE` and `--ledger FILE`: written after the work, never over a file that is not one of ours. */

import { readFile, writeFile } from "node:fs/promises";
import { VernierError } from "../base/errors.ts";
import { isObject } from "../base/json.ts";

const REPORTS = ["vernier.report/1", "vernier.reports/1"];
const LEDGERS = ["vernier.ledger/1"];

/** Refuses before any work is done; the result writes the text to every file. */
export async function reportFiles(paths: readonly string[]): Promise<(text: string) => Promise<void>> {
  for (const path of paths) {
    if (!path.toLowerCase().endsWith(".json"))
      throw new VernierError("usage.invalid", { reason: `--report ${path}: the name has to end in .json` });
    if (!(await mayWrite(path, REPORTS)))
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

/** `--ledger FILE` of a check: the same, for a ledger. */
export async function ledgerFile(path: string | undefined): Promise<(text: string) => Promise<void>> {
  if (path === undefined) return async () => {};
  if (await mayWrite(path, LEDGERS)) return async (text) => writeNewFile(path, text, true);
  throw new VernierError("usage.invalid", {
    reason: `--ledger ${path}: there is a file that is not a ledger of Vernier; it is not overwritten`,
  });
}

/** Nothing is there, or one of these is. */
async function mayWrite(path: string, schemas: readonly unknown[]): Promise<boolean> {
  try {
    const json: unknown = JSON.parse(await readFile(path, "utf8"));
    return isObject(json) && schemas.includes(json["schema"]);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ENOENT";
  }
}

/** A file that is not a report: never over one that is there, unless told so. */
export async function writeNewFile(
  path: string,
  text: string | Uint8Array,
  overwrite: boolean,
): Promise<void> {
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
