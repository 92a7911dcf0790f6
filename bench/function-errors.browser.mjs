/** @file The page's half of `function-errors.mjs`: measures the backend that it is asked for, and posts line by line. */

import { encodeFrame } from "../dist/engines/protocol.js";
import { report } from "./function-errors-of.mjs";

const post = (type, text) => fetch("reply", { method: "POST", body: new Blob(encodeFrame({ type, text })) });

async function main() {
  console.warn = () => {};
  const { tf } = globalThis;
  const { backend, stride } = await (await fetch("asked.json")).json();
  tf.env().set(backend === "webgl" ? "WEBGL_CPU_FORWARD" : "WEBGPU_CPU_FORWARD", false);
  await tf.setBackend(backend);
  await tf.ready();
  const { gl } = tf.backend().gpgpu ?? {};
  const info = tf.backend().adapterInfo ?? tf.backend().device?.adapterInfo;
  const renderer = gl
    ? gl.getParameter(gl.getExtension("WEBGL_debug_renderer_info").UNMASKED_RENDERER_WEBGL)
    : `${info?.vendor} ${info?.architecture}`;
  const lines = [];
  await report(tf, `tfjs:${backend} ${tf.version_core}, ${renderer}`, stride, false, (line) =>
    lines.push(post("line", line)),
  );
  await Promise.all(lines);
  await post("done", "");
}

main().catch((error) => post("failed", String(error?.stack ?? error)));
