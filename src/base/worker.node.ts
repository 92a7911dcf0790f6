/**
 * @file Starts a worker thread from a module of this package, whether it is the built `.js` or the `.ts` source.
 *
 * The caller writes `startWorker(new URL(`./hdf5-worker.node${extension(import.meta.url)}`, import.meta.url))`.
 * From `dist` nothing special happens. From source (vitest, scripts) Node 20 cannot read TypeScript, so the thread
 * gets the loader of `scripts/typescript-loader.mjs`, which strips the types of every `.ts` that it imports. That
 * needs no build, so a test can never run a stale worker. Rejected: workers always from `dist` (stale between
 * builds); bundling each worker at test time (a second module graph that no user has).
 */

import { Worker, type WorkerOptions } from "node:worker_threads";

/** `.ts` or `.js`, whichever the module at `url` is. */
export function extension(url: string): ".ts" | ".js" {
  return new URL(url).pathname.endsWith(".ts") ? ".ts" : ".js";
}

export function startWorker(url: URL, options: WorkerOptions = {}): Worker {
  return new Worker(url, { ...options, execArgv: [...(options.execArgv ?? []), ...loaderFor(url)] });
}

/** The command-line options under which `node` runs the module at `url`, as a thread or as a process of its own. */
export function loaderFor(url: URL): string[] {
  if (extension(url.href) === ".js") return [];
  return ["--import", new URL("../../scripts/typescript-loader.mjs", import.meta.url).href];
}
