/**
 * @file Puts the command's modules, as the compiler emitted them, into a few files: a cold process opens these instead
 * of some 200. `node scripts/bundle.mjs [DIST]`, after the compiler. What is imported when needed stays apart.
 *
 * The two small libraries on every command's way go in too, with their licences beside them. The modules themselves
 * stay: the package's entry points and the workers are made of them.
 */

import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const INSIDE = ["commander", "fflate"];

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = resolve(process.argv[2] ?? join(root, "dist"));
const chunks = join(dist, "cli", "chunks");

/** A module finds its worker and its files beside itself, wherever its code is now: all chunks lie in one folder. */
const ownAddress = {
  name: "own-address",
  transform(code, id) {
    if (!code.includes("import.meta.url")) return null;
    const path = relative(chunks, id).split(sep).join("/");
    return code.replaceAll("import.meta.url", `new URL(${JSON.stringify(path)}, import.meta.url).href`);
  },
};

/** What every command begins with is one file; what `convert` needs too another: others need nearly all of it. */
const start = new Set();
const common = new Set();
const findGroups = {
  name: "find-groups",
  buildEnd() {
    const add = (id, found) => {
      if (found.has(id)) return;
      found.add(id);
      for (const next of this.getModuleInfo(id)?.importedIds ?? []) add(next, found);
    };
    const module = (name) => join(dist, "cli", `${name}.js`);
    add(module("program"), start);
    add(module("convert"), common);
  },
};
rmSync(chunks, { recursive: true, force: true });
const build = await rolldown({
  input: join(dist, "cli", "program.js"),
  platform: "node",
  external: (id) => !id.startsWith(".") && !id.startsWith("/") && !INSIDE.includes(id),
  plugins: [ownAddress, findGroups],
});
await build.write({
  dir: chunks,
  format: "cjs", // what can be loaded together with what V8 made of it (src/cli/compiled.ts)
  entryFileNames: "[name].cjs",
  chunkFileNames: "[name].cjs",
  // Functions keep their names: an error's stack is to say where it came from.
  minify: { mangle: { keepNames: true }, compress: true, codegen: true },
  codeSplitting: {
    groups: [
      { name: "start", test: (id) => start.has(id), priority: 2 },
      { name: "common", test: (id) => common.has(id), priority: 1 },
    ],
  },
});
await build.close();

const program = join(dist, "cli", "program.js");
const main = await rolldown({
  input: join(dist, "cli", "main.js"),
  platform: "node",
  external: (id) => id === program,
});
await main.write({ file: join(dist, "cli", "main.js"), format: "esm", minify: { mangle: false } });
await main.close();

// What runs in a page is one script: a page of ours has no other files.
const page = join(dist, "engines", "tfjs-page.browser");
const script = await rolldown({ input: `${page}.js`, platform: "browser" });
await script.write({ file: `${page}.script.js`, format: "iife", minify: true });
await script.close();

const licences = INSIDE.map(
  (name) => `${name}\n\n${readFileSync(join(root, "node_modules", name, "LICENSE"), "utf8")}`,
);
writeFileSync(join(chunks, "LICENSES.txt"), licences.join("\n\n"));
