/** @file A worker runs the TypeScript sources under test, and plain JavaScript when built. */

import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { extension, loaderFor, startWorker } from "./worker.node.ts";

test("a worker started from source runs TypeScript that imports TypeScript", async () => {
  const folder = await mkdtemp(join(tmpdir(), "vernier-worker-"));
  await writeFile(join(folder, "twice.ts"), "export const twice = (x: number): number => 2 * x;");
  await writeFile(
    join(folder, "entry.ts"),
    'import { parentPort } from "node:worker_threads"; import { twice } from "./twice.ts"; const x: number = 21;' +
      "parentPort?.postMessage(twice(x));",
  );
  const worker = startWorker(pathToFileURL(join(folder, "entry.ts")));
  const answer = await new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
  await worker.terminate();
  expect(answer).toBe(42);
});

test("built JavaScript gets no loader", () => {
  expect(extension("file:///x/dist/a.js")).toBe(".js");
  expect(loaderFor(new URL("file:///x/dist/a.js"))).toEqual([]);
  expect(extension(import.meta.url)).toBe(".ts");
});
