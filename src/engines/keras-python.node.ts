/** @file Finds a Python that has Keras: the one that is named, else one that `scripts/setup-keras` made, else `python3`. */

import { execFile } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { VernierError } from "../base/errors.ts";
import { isObject } from "../base/json.ts";

export interface PythonFound {
  readonly command: string;
  /** How it was found, for people: "--python", "VERNIER_PYTHON", … */
  readonly source: string;
  readonly python: string;
  /** Installed versions of keras, tf_keras, tensorflow, jax, torch. */
  readonly versions: { readonly [distribution: string]: string };
}

export const REMEDY =
  "install Keras into a virtual environment (pip install keras tensorflow-cpu) and name its Python with --python or VERNIER_PYTHON";

/** Asking what is installed takes well under a second; a version manager's wrapper may need a few. */
const PROBE_TIMEOUT_MS = 20_000;

/** Looks without importing: importing TensorFlow takes seconds. */
const PROBE = `
import importlib.util, json, sys
from importlib import metadata
def version(*names):
    for name in names:
        try: return metadata.version(name)
        except metadata.PackageNotFoundError: pass
has = lambda module: importlib.util.find_spec(module) is not None
versions = {
    "keras": has("keras") and version("keras"), "tf_keras": has("tf_keras") and version("tf_keras", "tf-keras"),
    "tensorflow": has("tensorflow") and (version("tensorflow", "tensorflow-cpu", "tensorflow-macos", "tensorflow-intel") or "?"),
    "jax": has("jax") and version("jax"), "torch": has("torch") and version("torch"), "h5py": has("h5py") and version("h5py"),
}
print(json.dumps({"python": sys.version.split()[0], "versions": {k: v for k, v in versions.items() if v}}))
`;

/** Throws `engine.unavailable`. A Python that the user names is the only candidate. */
export async function findPython(engine: string, named: string | undefined): Promise<PythonFound> {
  const misses: string[] = [];
  for (const { command, source } of candidates(named)) {
    const found = await probe(command);
    if (typeof found === "string") {
      misses.push(`${command} (${source}) ${found}`);
      continue;
    }
    if (canRun(found.versions, engine)) return { command, source, ...found };
    const present = Object.keys(found.versions).join(", ") || "none of it";
    misses.push(`${command} (${source}) lacks ${needs(engine)}; of what Keras needs it has ${present}`);
  }
  throw new VernierError("engine.unavailable", {
    engine,
    reason: misses.join("; ") || "no Python was found",
    remedy:
      engine === "keras:jax" || engine === "keras:torch"
        ? REMEDY.replace("tensorflow-cpu", engine.slice(6))
        : REMEDY,
  });
}

const backendOf = (engine: string): string =>
  engine.split(":")[1] ?? process.env["KERAS_BACKEND"] ?? "tensorflow";

function canRun(versions: PythonFound["versions"], engine: string): boolean {
  const backend = backendOf(engine);
  const hasKeras = "keras" in versions || ("tf_keras" in versions && backend === "tensorflow");
  return hasKeras && "h5py" in versions && (backend === "numpy" || backend in versions);
}

const needs = (engine: string): string =>
  ["keras", "h5py", backendOf(engine)].filter((name) => name !== "numpy").join(", ");

function* candidates(named: string | undefined): Generator<{ command: string; source: string }> {
  if (named !== undefined) return yield { command: named, source: "--python" };
  const fromEnvironment = process.env["VERNIER_PYTHON"] ?? "";
  if (fromEnvironment !== "") return yield { command: fromEnvironment, source: "VERNIER_PYTHON" };
  const cache =
    process.env["VERNIER_CACHE"] ??
    join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "vernier");
  for (const command of cachedPythons(cache)) yield { command, source: "made by scripts/setup-keras" };
  yield { command: "python3", source: "on the path" };
  yield { command: "python", source: "on the path" };
}

/** Newest first. */
function cachedPythons(cache: string): string[] {
  try {
    const pythons = readdirSync(cache)
      .filter((name) => name.startsWith("keras-"))
      .map((name) => join(cache, name, process.platform === "win32" ? "Scripts/python.exe" : "bin/python"))
      .flatMap((path) => {
        const stat = statSync(path, { throwIfNoEntry: false });
        return stat === undefined ? [] : [{ path, at: statSync(join(path, "..")).mtimeMs }];
      });
    return pythons.sort((a, b) => b.at - a.at).map(({ path }) => path);
  } catch {
    return [];
  }
}

type Probed = Pick<PythonFound, "python" | "versions">;

/** What is installed, or why that could not be found out. */
function probe(command: string): Promise<Probed | string> {
  return new Promise((resolve) => {
    execFile(
      command,
      ["-c", PROBE],
      { timeout: PROBE_TIMEOUT_MS, killSignal: "SIGKILL" },
      (error, stdout) => {
        if (error !== null) {
          const code = (error as { code?: unknown }).code;
          return resolve(code === "ENOENT" ? "does not exist" : "cannot be run");
        }
        resolve(decodeProbe(stdout) ?? "is not a Python");
      },
    );
  });
}

function decodeProbe(stdout: string): Probed | null {
  try {
    const json: unknown = JSON.parse(stdout);
    if (!isObject(json) || typeof json["python"] !== "string" || !isObject(json["versions"])) return null;
    const versions = Object.fromEntries(
      Object.entries(json["versions"]).map(([name, version]) => [name, String(version)]),
    );
    return { python: json["python"], versions };
  } catch {
    return null;
  }
}
