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

/** What became of the device since it was last asked. */
export interface DeviceFault {
  /** It is gone: nothing that it computes from now on means anything. */
  readonly lost: boolean;
  readonly reason: string;
}

/** WebGPU reports what it refuses on the side: whatever depended on that is zeros, and TF.js takes no notice. */
export function watchDevice(backend: unknown): () => DeviceFault | null {
  const gl = glOf(backend);
  if (gl !== null)
    return () => (gl.isContextLost() ? { lost: true, reason: "the page lost its WebGL context" } : null);
  const device = part(backend, "device");
  const state: { fault: DeviceFault | null } = { fault: null };
  const losing = part(device, "lost");
  if (device instanceof EventTarget && losing instanceof Promise) {
    void losing.then((info: unknown) => {
      state.fault = {
        lost: true,
        reason: `the page lost its WebGPU device${inBrackets(part(info, "message"))}`,
      };
    });
    device.addEventListener("uncapturederror", (event) => {
      const message = part(part(event, "error"), "message");
      state.fault ??= { lost: false, reason: typeof message === "string" ? message : "a WebGPU error" };
    });
  }
  return () => {
    const { fault } = state;
    if (fault?.lost !== true) state.fault = null;
    return fault;
  };
}

const inBrackets = (message: unknown): string =>
  typeof message === "string" && message !== "" ? ` (${message})` : "";

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
