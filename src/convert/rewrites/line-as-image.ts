/** @file Layers over [time, channels] that TF.js has for images only: Reshape to an image one wide, and back. */

import type { JsonObject } from "../../base/json.ts";
import { chain, type Rewrite } from "./rewrite.ts";

const ENDS = [0, 0];

/** The class and config for images of what pads, crops or repeats a line. */
function imageLayer(config: JsonObject): { className: string; config: JsonObject } | null {
  const { padding, cropping, size, data_format } = config;
  if (data_format === "channels_first") return null;
  if (padding !== undefined)
    return { className: "ZeroPadding2D", config: { padding: [first(padding), ENDS] } };
  if (cropping !== undefined)
    return { className: "Cropping2D", config: { cropping: [first(cropping), ENDS] } };
  return size === undefined ? null : { className: "UpSampling2D", config: { size: [size, 1] } };
}

const first = (margins: unknown) => (Array.isArray(margins) ? margins[0] : ENDS);

export const lineAsImage: Rewrite = {
  id: "line-as-image",
  summary: "Reshape around the layer for images",
  exact: true,
  parts({ config }, { inputs: [input], outputs: [output] }) {
    const image = imageLayer(config);
    const [, time, channels] = input ?? [];
    const [, after] = output ?? [];
    if (image === null || typeof channels !== "number" || time === undefined) return null;
    return chain(
      { suffix: "as_image", className: "Reshape", config: { target_shape: [time ?? -1, 1, channels] } },
      { suffix: "image", ...image, main: true },
      { suffix: "as_line", className: "Reshape", config: { target_shape: [after ?? -1, channels] } },
    );
  },
};
