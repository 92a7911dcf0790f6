/** @file Layers over [time, channels] that TF.js has for images only: Reshape to an image one wide, and back. */

import type { JsonObject } from "../../base/json.ts";
import { chain, type Rewrite } from "./rewrite.ts";

const ENDS = [0, 0];

/** The image's class and config; `null` for a layer that has no such form. */
function imageLayer(className: string, config: JsonObject): { className: string; config: JsonObject } | null {
  switch (className) {
    case "ZeroPadding1D":
      return config["data_format"] === "channels_first"
        ? null
        : { className: "ZeroPadding2D", config: { padding: [first(config["padding"]), ENDS] } };
    case "Cropping1D":
      return { className: "Cropping2D", config: { cropping: [first(config["cropping"]), ENDS] } };
    case "UpSampling1D":
      return { className: "UpSampling2D", config: { size: [config["size"] ?? 2, 1] } };
    default:
      return null;
  }
}

const first = (margins: unknown) => (Array.isArray(margins) ? margins[0] : ENDS);

export const lineAsImage: Rewrite = {
  id: "line-as-image",
  summary: "Reshape around the layer for images",
  exact: true,
  parts({ className, config }, { inputs: [input], outputs: [output] }) {
    const image = imageLayer(className, config);
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
