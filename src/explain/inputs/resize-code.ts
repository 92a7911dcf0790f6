/** @file How a resize is said in TensorFlow.js, and in TensorFlow, PIL or OpenCV. */

import type { Picture } from "./picture.ts";
import type { Resampling } from "./resampling.ts";
import { grouped } from "./step.ts";

export function resizeInJs(x: string, { h, w }: Picture, how: Resampling): string {
  const { method, corners, antialias } = how;
  const flags = corners === "align-corners" ? ", true" : corners === "half-pixel" ? ", false, true" : "";
  if (method === "nearest") return `tf.image.resizeNearestNeighbor(${x}, [${h}, ${w}]${flags})`;
  const bilinear = `tf.image.resizeBilinear(${x}, [${h}, ${w}]${flags})`;
  if (method === "bilinear" && !antialias) return bilinear;
  const said = `${method}${antialias && method !== "area" ? " with antialias" : ""}`;
  return `${bilinear} /* the closest: TensorFlow.js has no ${said} */`;
}

/** Pixels rounded to bytes are PIL's (antialias) or OpenCV's; the others TensorFlow's. */
export function resizeInPython(x: string, picture: Picture, how: Resampling, toBytes: boolean): string {
  const { h, w } = picture;
  if (how.ties === "accumulated" || (toBytes && how.antialias)) {
    if (how.method === "area" && how.box !== true)
      return each(x, picture, (one) => `cv2.resize(${one}, (${w}, ${h}), interpolation=cv2.INTER_AREA)`);
    const filter = how.method === "area" ? "BOX" : how.method.toUpperCase();
    return each(
      x,
      picture,
      (one) => `np.asarray(Image.fromarray(${one}).resize((${w}, ${h}), Image.${filter}))`,
    );
  }
  if (toBytes && how.corners === "half-pixel") {
    const flag = {
      nearest: "NEAREST",
      bilinear: "LINEAR",
      bicubic: "CUBIC",
      area: "AREA",
      lanczos: "LANCZOS4",
    }[how.method];
    return each(x, picture, (one) => `cv2.resize(${one}, (${w}, ${h}), interpolation=cv2.INTER_${flag})`);
  }
  if (how.corners !== "half-pixel") {
    const aligned = how.corners === "align-corners" ? ", align_corners=True" : "";
    return `tf.compat.v1.image.resize(${x}, [${h}, ${w}], method="${how.method}"${aligned}).numpy()`;
  }
  const method = how.method === "lanczos" ? "lanczos3" : how.method;
  return `tf.image.resize(${x}, [${h}, ${w}], method="${method}"${how.antialias && how.method !== "area" ? ", antialias=True" : ""}).numpy()`;
}

const each = (x: string, { hasBatch, n }: Picture, say: (one: string) => string): string =>
  !hasBatch
    ? say(x)
    : n === 1
      ? `${say(`${grouped(x)}[0]`)}[None]`
      : `np.stack([${say("one")} for one in ${x}])`;
