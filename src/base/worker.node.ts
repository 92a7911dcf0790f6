/**
 * @file Starts a module of ours as a worker thread, from `dist` (JavaScript) and from the sources (tests, scripts).
 *
 * Node 20 runs no TypeScript: from the sources the module and what it imports of ours is bundled first, by the
 * rolldown that vitest brings. Packages stay outside the bundle, so that the worker finds them as the built one does.
 */

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker, type WorkerOptions } from "node:worker_threads";

/** `name` as in "tfjs.worker.node", beside the module whose `import.meta.url` is `from`. */
export async function startWorker(name: string, from: string, options: WorkerOptions): Promise<Worker> {
  const worker = new Worker(await workerFile(name, from), options);
  return worker;
}

export async function workerFile(name: string, from: string): Promise<URL | string> {
  if (!from.endsWith(".ts")) return new URL(`./${name}.js`, from);
  const source = fileURLToPath(new URL(`./${name}.ts`, from));
  const code = await bundle(source);
  const folder = join(nodeModulesAbove(source), ".cache", "vernier");
  const file = join(folder, `${name}-${createHash("sha256").update(code).digest("hex").slice(0, 16)}.mjs`);
  if (existsSync(file)) return file;
  mkdirSync(folder, { recursive: true });
  const unfinished = `${file}.${process.pid}`;
  writeFileSync(unfinished, code);
  renameSync(unfinished, file);
  return file;
}

/** A module and all that it imports as one script for a page; `scripts/bundle.mjs` has made it of the built one. */
export async function scriptText(name: string, from: string): Promise<string> {
  const isBuilt = !from.endsWith(".ts");
  const made = new URL(`./${name}.script.js`, from);
  if (isBuilt && existsSync(made)) return readFileSync(made, "utf8");
  return bundle(fileURLToPath(new URL(`./${name}.${isBuilt ? "js" : "ts"}`, from)), "browser");
}

async function bundle(source: string, platform: "node" | "browser" = "node"): Promise<string> {
  const { rolldown } = await import("rolldown");
  const isOurs = (id: string): boolean => id.startsWith(".") || id.startsWith("/") || id === source;
  const build = await rolldown({
    input: source,
    platform,
    external: (id) => !isOurs(id),
    logLevel: "silent",
  });
  try {
    const { output } = await build.generate({ format: platform === "node" ? "esm" : "iife" });
    return output[0].code;
  } finally {
    await build.close();
  }
}

function nodeModulesAbove(path: string): string {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const candidate = join(folder, "node_modules");
    if (existsSync(candidate) || folder === dirname(folder)) return candidate;
  }
}
