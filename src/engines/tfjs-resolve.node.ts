/**
 * @file Which TF.js to run: the one in the named folder, else the project's own, else ours.
 *
 * The modules must share one core: a backend registers itself in the core that it requires. So every part is
 * resolved from where the project's `@tensorflow/tfjs` (or its core) lies, and cores and versions are compared.
 */

import { existsSync, readFileSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { VernierError } from "../base/errors.ts";

export type TfjsBackend = "cpu" | "wasm" | "webgl" | "webgpu";
/** The package that loads a model: layers models by one, graph models by the other. */
export type TfjsLoader = "layers" | "converter";

export interface TfjsFound {
  readonly version: string;
  /** "4.22.0 (from ./node_modules)". */
  readonly label: string;
  /** Absolute paths of what to require, in this order; `backend` is null where the core brings its own (1.x). */
  readonly core: string;
  readonly loader: string;
  readonly backend: string | null;
}

interface Failure {
  readonly missing: string;
  readonly remedy: string;
}

const SCOPE = "@tensorflow/";

/** Throws `engine.unavailable` when `tfjsFolder` is named and holds no TF.js that can run this backend. */
export function findTfjs(
  backend: TfjsBackend,
  folders: { tfjsFolder?: string; nearby: readonly string[] },
  loader: TfjsLoader = "layers",
): TfjsFound {
  const { tfjsFolder, nearby } = folders;
  if (tfjsFolder !== undefined) return orThrow(backend, findIn(backend, loader, resolve(tfjsFolder)));
  const ours = findIn(backend, loader, dirname(fileURLToPath(import.meta.url)));
  const notes: string[] = [];
  for (const folder of nearby) {
    const found = findIn(backend, loader, resolve(folder));
    if (!("missing" in found)) {
      return !("missing" in ours) && found.core === ours.core ? own(ours, notes) : found;
    }
    if (found.missing !== "core" && notes.length === 0)
      notes.push(`; the project's TF.js has no ${found.missing}`);
  }
  return own(orThrow(backend, ours), notes);
}

const own = (found: TfjsFound, notes: readonly string[]): TfjsFound => ({
  ...found,
  label: `${found.version} (Vernier's own${notes.join("")})`,
});

function orThrow(backend: TfjsBackend, found: TfjsFound | Failure): TfjsFound {
  if (!("missing" in found)) return found;
  const reason =
    found.missing === "core" ? "no TF.js is installed there" : `this TF.js has no ${found.missing}`;
  throw new VernierError("engine.unavailable", { engine: `tfjs:${backend}`, reason, remedy: found.remedy });
}

function findIn(backend: TfjsBackend, loader: TfjsLoader, folder: string): TfjsFound | Failure {
  const umbrella = resolveFrom(folder, "tfjs");
  const from = umbrella === null ? folder : dirname(umbrella);
  const core = resolveFrom(from, "tfjs-core");
  if (core === null) return { missing: "core", remedy: `npm install ${SCOPE}tfjs in ${folder}` };
  const version = versionOf(core);
  const loads = resolveFrom(from, `tfjs-${loader}`);
  if (loads === null) return missing(`${loader} package`, `tfjs-${loader}@${version}`, folder);
  const part = `tfjs-backend-${backend}`;
  const module = resolveFrom(from, part) ?? resolveFrom(folder, part);
  const isBuiltIn =
    module === null && (backend === "cpu" || backend === "webgl") && Number.parseInt(version, 10) < 3;
  if (module === null && !isBuiltIn) return missing(`${backend} backend`, `${part}@${version}`, folder);
  const strays = [loads, ...(module === null ? [] : [module])].filter(
    (path) => versionOf(path) !== version || resolveFrom(dirname(path), "tfjs-core") !== core,
  );
  if (strays.length > 0)
    return missing(`${backend} backend of its version ${version}`, `${part}@${version}`, folder);
  return { version, label: `${version} (from ${shown(core)})`, core, loader: loads, backend: module };
}

function missing(what: string, toInstall: string, folder: string): Failure {
  return { missing: what, remedy: `npm install ${SCOPE}${toInstall} in ${folder}` };
}

function resolveFrom(folder: string, name: string): string | null {
  try {
    return realpathSync(createRequire(join(folder, "_")).resolve(SCOPE + name));
  } catch {
    return null;
  }
}

function versionOf(module: string): string {
  for (let folder = dirname(module); folder !== dirname(folder); folder = dirname(folder)) {
    const file = join(folder, "package.json");
    if (!existsSync(file)) continue;
    const { version } = JSON.parse(readFileSync(file, "utf8")) as { version?: unknown };
    if (typeof version === "string") return version;
  }
  return "unknown";
}

/** The node_modules folder that the core lies in, from where the user stands when that is shorter. */
function shown(core: string): string {
  const end = core.lastIndexOf(join("node_modules", "@tensorflow"));
  const folder = end < 0 ? dirname(core) : core.slice(0, end + "node_modules".length);
  const near = relative(process.cwd(), folder);
  return near.startsWith("..") ? folder : `./${near}`;
}
