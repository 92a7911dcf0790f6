/**
 * @file `tfjs:webgl`, `tfjs:webgpu`, `tfjs:cpu@browser` and `tfjs:wasm@browser`: TF.js in a page of an
 * installed Chromium; `…@firefox` of a Firefox.
 */

import type { Arithmetic } from "../numerics/arithmetic.ts";
import { TFJS_CPU_FLOAT32, TFJS_WASM_FLOAT32 } from "../numerics/engines.ts";
import { TFJS_WEBGL_FLOAT32, TFJS_WEBGPU_FLOAT32 } from "../numerics/engines-gpu.ts";
import type { Engine } from "./engine.ts";
import { tfjsEngine } from "./tfjs-engine.node.ts";
import { type PageOptions, startPage } from "./tfjs-page.node.ts";
import type { TfjsBackend } from "./tfjs-resolve.node.ts";

type Flags = PageOptions["flags"];

/**
 * A GPU backend runs small tensors in JavaScript unless told otherwise: then a layer's small sample would say nothing of
 * the GPU. Threads of the wasm backend need a page that is isolated, which few are.
 */
const FLAGS: Readonly<Record<TfjsBackend, Flags>> = {
  cpu: {},
  wasm: { WASM_HAS_MULTITHREAD_SUPPORT: false },
  webgl: { WEBGL_CPU_FORWARD: false },
  webgpu: { WEBGPU_CPU_FORWARD: false },
};

export const tfjsWebgl: Engine = browserEngine("tfjs:webgl", "webgl", TFJS_WEBGL_FLOAT32);
/** As on a device whose textures hold 16 bits only, which many phones' do. */
export const tfjsWebglFloat16: Engine = browserEngine("tfjs:webgl@float16", "webgl", TFJS_WEBGL_FLOAT32, {
  flags: { WEBGL_FORCE_F16_TEXTURES: true },
});
export const tfjsWebgpu: Engine = browserEngine("tfjs:webgpu", "webgpu", TFJS_WEBGPU_FLOAT32);
export const tfjsCpuInPage: Engine = browserEngine("tfjs:cpu@browser", "cpu", TFJS_CPU_FLOAT32);
export const tfjsWasmInPage: Engine = browserEngine("tfjs:wasm@browser", "wasm", TFJS_WASM_FLOAT32);

/** In Firefox; where its WebGL has no display or its WebGPU no driver, they are refused by name. */
export const inFirefox = {
  "tfjs:cpu@firefox": browserEngine("tfjs:cpu@firefox", "cpu", TFJS_CPU_FLOAT32, { browser: "firefox" }),
  "tfjs:wasm@firefox": browserEngine("tfjs:wasm@firefox", "wasm", TFJS_WASM_FLOAT32, { browser: "firefox" }),
  "tfjs:webgl@firefox": browserEngine("tfjs:webgl@firefox", "webgl", TFJS_WEBGL_FLOAT32, {
    browser: "firefox",
  }),
  "tfjs:webgpu@firefox": browserEngine("tfjs:webgpu@firefox", "webgpu", TFJS_WEBGPU_FLOAT32, {
    browser: "firefox",
  }),
} as const;

/** `page`: what this one needs beyond that, and for tests another browser or port. */
export function browserEngine(
  id: string,
  backend: TfjsBackend,
  arithmetic: Arithmetic,
  page: Partial<PageOptions> = {},
): Engine {
  const flags = { ...FLAGS[backend], ...page.flags };
  return tfjsEngine({
    id,
    backend,
    arithmetic,
    start: (found, model) => startPage(found, model, { id, backend, ...page, flags }),
    hardware: () => null,
  });
}
