/**
 * @file A fault of a writer is caught before anything is written: exit code 1, and what the destination holds stays. The
 * faults are put into the files that a conversion hands to the steps that the command itself takes.
 */

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type ProvedWriting, writeProved } from "../../src/cli/write-proved.ts";
import { type Conversion, convert } from "../../src/convert/convert.ts";
import { readModelPath } from "../../src/dialects/read.node.ts";
import { openDestination } from "../../src/formats/destination.node.ts";
import { FAULTS, sourceH5, withFault } from "./writer-faults.ts";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "vernier-faults-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const TARGETS = [
  { target: "tfjs", dest: "web", engines: ["tfjs:wasm"] },
  { target: "keras", dest: "model.keras", engines: ["reference"] },
  { target: "h5", dest: "model.h5", engines: ["reference"] },
] as const;

/** Everything below a folder, by its bytes. */
const held = (folder: string): { [path: string]: string } =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => {
        const path = join(entry.parentPath, entry.name);
        return [path, readFileSync(path, "latin1")];
      }),
  );

describe.each(TARGETS)("to $target", ({ target, dest, engines }) => {
  async function written(change: (conversion: Conversion) => Promise<Conversion>): Promise<ProvedWriting> {
    const path = join(root, "source.h5");
    writeFileSync(path, await sourceH5());
    await using source = await readModelPath(path);
    const kind = target === "tfjs" ? "folder" : "file";
    await using destination = await openDestination(join(root, dest), { kind, overwrite: true });
    return await writeProved({
      source,
      conversion: await change(await convert(source.model, { to: target })),
      destination,
      target,
      engines,
      engineOptions: {},
      input: { source: "synthetic", samples: 1, seed: 0 },
      quantized: false,
      signal: new AbortController().signal,
    });
  }

  test("without a fault it is written", async () => {
    const result = await written(async (conversion) => conversion);
    expect(result.proofs.flatMap(({ problems }) => problems)).toEqual([]);
    expect(result).toMatchObject({ exitCode: 0 });
    expect(result.written).not.toEqual([]);
  });

  test.each(Object.keys(FAULTS))("%s: exit code 1, nothing written", async (what) => {
    // What is there is another model; it has to stay, to the last byte.
    if (target === "tfjs") mkdirSync(join(root, dest));
    writeFileSync(target === "tfjs" ? join(root, dest, "model.json") : join(root, dest), '{"old": true}');
    writeFileSync(join(root, "source.h5"), await sourceH5());
    const before = held(root);
    const result = await written((conversion) => withFault(conversion, target, FAULTS[what] ?? (() => {})));
    expect(result).toMatchObject({ exitCode: 1, written: [] });
    expect(held(root)).toEqual(before);
    const errors = result.proofs.flatMap(({ problems }) =>
      problems.filter(({ severity }) => severity === "error"),
    );
    expect(errors).not.toEqual([]);
    for (const { message, hint, where } of errors) expect([message, hint, where]).not.toContain("");
  });
});
