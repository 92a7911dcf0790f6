/**
 * @file The built command's code, with what V8 made of it in an earlier process: without that, a cold start spends half
 * its own time on compiling what it has compiled before. Kept in the user's cache folder, one file per chunk and Node;
 * whatever is wrong with it, the code is compiled anew. `NODE_DISABLE_COMPILE_CACHE=1`, Node's own word, turns it off.
 *
 * Node keeps compiled code itself from 22.1 on, but not what modules call later, which is half of it.
 */

import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { constants, Script } from "node:vm";

type Load = (exports: object, require: (id: string) => unknown, module: object, path: string) => void;

/**
 * What the CommonJS file at `path` exports; the files beside it that it requires are loaded the same way. Null where
 * there is no such file, as when the command runs from its sources, and under a Node that is too old (20.11). `use`
 * tells apart what calls other parts of it: each keeps what it called.
 */
export function compiled(path: string, use: string): unknown {
  const dynamic = constants?.USE_MAIN_CONTEXT_DEFAULT_LOADER;
  if (dynamic === undefined || statSync(path, { throwIfNoEntry: false }) === undefined) return null;
  const kept = process.env["NODE_DISABLE_COMPILE_CACHE"] === undefined ? keptCode(use) : null;
  const loaded = new Map<string, { exports: object }>();
  const load = (file: string): unknown => {
    const known = loaded.get(file);
    if (known !== undefined) return known.exports;
    const module = { exports: {} };
    loaded.set(file, module);
    const source = `(function (exports, require, module, __filename) {${readFileSync(file, "utf8")}\n})`;
    const cachedData = kept?.of(file);
    const script = new Script(source, {
      filename: file,
      importModuleDynamically: dynamic,
      ...(cachedData === undefined ? {} : { cachedData }),
    });
    if (script.cachedDataRejected !== false) kept?.keep(file, script);
    const others = createRequire(file);
    const require = (id: string): unknown =>
      id.startsWith("./") ? load(join(dirname(file), id)) : others(id);
    (script.runInThisContext() as Load)(module.exports, require, module, file);
    return module.exports;
  };
  return load(path);
}

interface KeptCode {
  of(file: string): Buffer | undefined;
  /** As the process ends: then V8 has compiled what was called too. */
  keep(file: string, script: Script): void;
}

function keptCode(use: string): KeptCode {
  const folder = join(cacheFolder(), "vernier", "compiled");
  const digest = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 16);
  /** Of a file under one Node: its place, and what tells its states apart. V8 itself checks its own version and flags. */
  const nameOf = (file: string): { place: string; state: string } => {
    const { mtimeMs, size } = statSync(file);
    return { place: digest(`${file}\n${process.version}\n${process.arch}`), state: `${mtimeMs}-${size}` };
  };
  const own = digest(use);
  const write = (file: string, script: Script): void => {
    const { place, state } = nameOf(file);
    const unfinished = join(folder, `${place}.${process.pid}`);
    writeFileSync(unfinished, script.createCachedData());
    for (const old of readdirSync(folder))
      if (old.startsWith(`${place}-`) && !old.startsWith(`${place}-${state}-`)) rmSync(join(folder, old));
    renameSync(unfinished, join(folder, `${place}-${state}-${own}`));
  };
  const scripts = new Map<string, Script>();
  return {
    of(file) {
      try {
        const { place, state } = nameOf(file);
        return readFileSync(join(folder, `${place}-${state}-${own}`));
      } catch {
        return undefined;
      }
    },
    keep(file, script) {
      scripts.set(file, script);
      if (scripts.size > 1) return;
      process.once("exit", () => {
        try {
          mkdirSync(folder, { recursive: true, mode: 0o700 });
          for (const each of scripts) write(...each);
        } catch {
          // A folder that cannot be written: the next process compiles again.
        }
      });
    },
  };
}

function cacheFolder(): string {
  const { XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  if (process.platform === "win32") return LOCALAPPDATA ?? join(homedir(), "AppData", "Local");
  if (XDG_CACHE_HOME !== undefined && XDG_CACHE_HOME !== "") return XDG_CACHE_HOME;
  return join(homedir(), process.platform === "darwin" ? "Library/Caches" : ".cache");
}
