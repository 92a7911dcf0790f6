/**
 * @file Measures how far TF.js's elementary functions stray in float32: the figures of `src/numerics/engines*.ts`.
 *
 *   npm run build && node bench/function-errors.mjs [cpu|wasm|webgl|webgpu …] [--stride N]
 *
 * Every `stride`-th float32 of either sign, subnormals included (not on a GPU, which may flush them), and 4097 neighbours
 * of each place where an implementation could change its method; the reference is float64. An error is counted in units of
 * 2u·|exact| ("ulps", u = 2⁻²⁴) where the result is normal and that is at most `RELATIVE_UP_TO`, else it goes into
 * "absolute": so that |computed − exact| ≤ ulps·2u·|exact| + absolute held at every point. Results beyond float32 are left
 * out. `webgl` and `webgpu` run in a page of the Chromium that `vernier doctor` finds.
 */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { rolldown } from "rolldown";
import { findChromium, showInChromium } from "../dist/engines/chromium.node.js";
import { servePage } from "../dist/engines/page-server.node.js";
import { report } from "./function-errors-of.mjs";

// TF.js greets on the console; the tables alone belong on standard output.
console.warn = () => {};
const require = createRequire(import.meta.url);
const argument = process.argv.indexOf("--stride");
const stride = argument < 0 ? 521 : Number(process.argv[argument + 1]);
const asked = ["cpu", "wasm", "webgl", "webgpu"].filter((name) => process.argv.includes(name));

for (const backend of asked.length === 0 ? ["cpu", "wasm"] : asked) {
  if (backend.startsWith("web")) await reportFromPage(backend);
  else await reportHere(backend);
}

async function reportHere(backend) {
  const tf = require("@tensorflow/tfjs-core");
  require(`@tensorflow/tfjs-backend-${backend}`);
  await tf.setBackend(backend);
  await tf.ready();
  await report(tf, `tfjs:${backend} ${tf.version_core}`, stride, true, console.log);
}

async function reportFromPage(backend) {
  const dist = (name) => join(require.resolve(`@tensorflow/tfjs-${name}`), `../tf-${name}.min.js`);
  const script = (body) => ({ type: "text/javascript", body });
  const done = Promise.withResolvers?.() ?? withResolvers();
  const program = await bundled(join(import.meta.dirname, "function-errors.browser.mjs"));
  const server = await servePage(
    {
      "": {
        type: "text/html",
        body: () =>
          `<script src="core.js"></script><script src="backend.js"></script><script src="page.js"></script>`,
      },
      "core.js": script(() => readFileSync(dist("core"))),
      "backend.js": script(() => readFileSync(dist(`backend-${backend}`))),
      "page.js": script(() => program),
      "asked.json": { type: "application/json", body: () => JSON.stringify({ backend, stride }) },
    },
    ({ type, header }) => {
      if (type === "line") console.log(header.text);
      else if (type === "done") done.resolve();
      else done.reject(new Error(String(header.text)));
    },
  );
  const browser = await showInChromium(findChromium(), server.address, {
    flags: backend === "webgpu" ? ["--use-webgpu-adapter=swiftshader"] : [],
  });
  browser.onEnd((reason) => done.reject(new Error(reason)));
  try {
    await done.promise;
  } finally {
    await browser.close();
    await server.close();
  }
}

function withResolvers() {
  const all = {};
  all.promise = new Promise((resolve, reject) => Object.assign(all, { resolve, reject }));
  return all;
}

async function bundled(input) {
  const build = await rolldown({ input, platform: "browser" });
  const { output } = await build.generate({ format: "iife" });
  await build.close();
  return output[0].code;
}
