/** @file What `import … from "vernier/node"` gives: the core, and what needs Node (paths, processes, workers). */

import { keras } from "./engines/keras.node.ts";
import { tfjsCpu, tfjsWasm } from "./engines/tfjs.node.ts";
import {
  inFirefox,
  tfjsCpuInPage,
  tfjsWasmInPage,
  tfjsWebgl,
  tfjsWebglFloat16,
  tfjsWebgpu,
} from "./engines/tfjs-browser.node.ts";

export { isVernierError, VernierError } from "./base/errors.ts";
export { type OpenedModel, readModelPath as openPath } from "./dialects/read.node.ts";

/** By id. The reference is no engine: `check` takes the word "reference". */
export const engines = {
  "tfjs:cpu": tfjsCpu,
  "tfjs:wasm": tfjsWasm,
  "tfjs:webgl": tfjsWebgl,
  "tfjs:webgl@float16": tfjsWebglFloat16,
  "tfjs:webgpu": tfjsWebgpu,
  "tfjs:cpu@browser": tfjsCpuInPage,
  "tfjs:wasm@browser": tfjsWasmInPage,
  ...inFirefox,
  keras,
} as const;
