/** @file Engines by the names that the command line knows; each is imported when it is asked for. */

import { VernierError } from "../base/errors.ts";
import type { Engine } from "../engines/engine.ts";

export const ENGINE_NAMES = [
  "reference",
  "tfjs:cpu",
  "tfjs:wasm",
  "tfjs:webgl",
  "tfjs:webgpu",
  "tfjs:cpu@browser",
  "tfjs:wasm@browser",
  "tfjs:wasm@firefox",
  "tfjs:webgl@firefox",
  "tfjs:webgpu@firefox",
  "keras",
] as const;

/** Throws `usage.invalid` for a name that is not an engine's. */
export async function engineNamed(name: string): Promise<"reference" | Engine> {
  switch (name) {
    case "reference":
      return "reference";
    case "tfjs:cpu":
      return (await import("../engines/tfjs.node.ts")).tfjsCpu;
    case "tfjs:wasm":
      return (await import("../engines/tfjs.node.ts")).tfjsWasm;
    case "tfjs:webgl":
      return (await import("../engines/tfjs-browser.node.ts")).tfjsWebgl;
    case "tfjs:webgl@float16":
      return (await import("../engines/tfjs-browser.node.ts")).tfjsWebglFloat16;
    case "tfjs:webgpu":
      return (await import("../engines/tfjs-browser.node.ts")).tfjsWebgpu;
    case "tfjs:cpu@browser":
      return (await import("../engines/tfjs-browser.node.ts")).tfjsCpuInPage;
    case "tfjs:wasm@browser":
      return (await import("../engines/tfjs-browser.node.ts")).tfjsWasmInPage;
    case "tfjs:cpu@firefox":
    case "tfjs:wasm@firefox":
    case "tfjs:webgl@firefox":
    case "tfjs:webgpu@firefox":
      return (await import("../engines/tfjs-browser.node.ts")).inFirefox[name];
    case "keras":
      return (await import("../engines/keras.node.ts")).keras;
    default: {
      const [kind, wanted] = name.split(":", 2);
      if (kind === "keras") {
        const { KERAS_BACKENDS, kerasEngine } = await import("../engines/keras.node.ts");
        const backend = KERAS_BACKENDS.find((known) => known === wanted);
        if (backend !== undefined) return kerasEngine(backend);
      }
      throw new VernierError("usage.invalid", {
        reason: `there is no engine "${name}"; there are ${ENGINE_NAMES.join(", ")}, tfjs:webgl@float16, tfjs:cpu@firefox and keras:BACKEND`,
      });
    }
  }
}
