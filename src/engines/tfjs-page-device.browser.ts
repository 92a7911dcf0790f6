/** @file What a page's TF.js computes on: its renderer by name, whether it keeps float32, and whether it is still there. */

import { isObject } from "../base/json.ts";

/** Renderers that compute on the CPU, by what they call themselves. */
const SOFTWARE = /swiftshader|llvmpipe|softpipe|lavapipe|software|basic render/i;

/** "software renderer: …" where no GPU computes; null for the backends that run on the CPU. */
export async function deviceOf(backend: unknown): Promise<string | null> {
  const gl = glOf(backend);
  const name = gl === null ? await adapterName(backend) : rendererOf(gl);
  if (name === null) return null;
  return SOFTWARE.test(name) ? `software renderer: ${name}` : name;
}

/** Says why the device is gone, once it is. */
export function watchDevice(backend: unknown): () => string | null {
  const gl = glOf(backend);
  if (gl !== null) return () => (gl.isContextLost() ? "the page lost its WebGL context" : null);
  const device = part(backend, "device");
  const state: { lost: string | null } = { lost: null };
  const losing = part(device, "lost");
  if (losing instanceof Promise) {
    void losing.then((info: unknown) => {
      const message = part(info, "message");
      state.lost = `the page lost its WebGPU device${typeof message === "string" && message !== "" ? ` (${message})` : ""}`;
    });
  }
  return () => state.lost;
}

function glOf(backend: unknown): WebGL2RenderingContext | WebGLRenderingContext | null {
  const gl = part(part(backend, "gpgpu"), "gl");
  return isObject(gl) && "isContextLost" in gl ? (gl as unknown as WebGL2RenderingContext) : null;
}

function rendererOf(gl: WebGL2RenderingContext | WebGLRenderingContext): string {
  const info = gl.getExtension("WEBGL_debug_renderer_info");
  return String(gl.getParameter(info === null ? gl.RENDERER : info.UNMASKED_RENDERER_WEBGL));
}

async function adapterName(backend: unknown): Promise<string | null> {
  const device = part(backend, "device");
  if (device === undefined) return null;
  const info = part(device, "adapterInfo") ?? part(backend, "adapterInfo");
  const words = ["vendor", "architecture", "device", "description"].map((key) => part(info, key));
  const said = words.filter((word): word is string => typeof word === "string" && word !== "");
  return said.length === 0 ? "an unnamed WebGPU adapter" : said.join(" ");
}

/** Fields of TF.js's own objects, which its types keep to themselves. */
const part = (value: unknown, key: string): unknown =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
