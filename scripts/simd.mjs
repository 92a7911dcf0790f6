/**
 * @file assembly/product.ts → src/ops/simd/product-wasm.ts: the compiled module as text, which every loader and bundler
 * takes. `node scripts/simd.mjs`; with `--check` it writes nothing and exits 1 where the file is not what it would write.
 */

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

const source = fileURLToPath(new URL("../assembly/product.ts", import.meta.url));
const target = fileURLToPath(new URL("../src/ops/simd/product-wasm.ts", import.meta.url));

const FLAGS = ["-O3", "--enable", "simd", "--runtime", "stub", "--importMemory", "--noAssert"];

let compiled = null;
const { error, stderr } = await asc.main(["product.ts", "--outFile", "product.wasm", ...FLAGS], {
  readFile: (name) => (name === "product.ts" ? readFileSync(source, "utf8") : null),
  writeFile: (_name, data) => {
    compiled = data;
  },
});
if (error !== null) throw new Error(stderr.toString(), { cause: error });

const text = `/** @file Compiled from assembly/product.ts by scripts/simd.mjs; not to be edited. */

/** Base64. */
export const PRODUCT_WASM =
  "${Buffer.from(compiled).toString("base64")}";
`;
if (!process.argv.includes("--check")) writeFileSync(target, text);
else if (readFileSync(target, "utf8") !== text) {
  console.error(`${target} is not what assembly/product.ts gives: node scripts/simd.mjs`);
  process.exitCode = 1;
}
