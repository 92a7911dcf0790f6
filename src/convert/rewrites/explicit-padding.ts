/**
 * @file Padding as a layer before a convolution without it: "causal" (TF.js does not run it), and "same" where the wasm
 * backend gives zeros for it (layers/wasm-same-padding.ts).
 */

import type { JsonObject } from "../../base/json.ts";
import type { Dims } from "../../tensor/tensor.ts";
import { chain, type Rewrite } from "./rewrite.ts";

export const explicitPadding: Rewrite = {
  id: "explicit-padding",
  summary: "ZeroPadding before a convolution without padding",
  exact: true,
  parts({ className, config }, { inputs: [input] }) {
    if (config["padding"] === "valid" || input === undefined) return null;
    const pads = padsOf(config, input);
    if (pads === null) return null;
    const { data_format } = config;
    const line = pads.length === 1;
    return chain(
      {
        suffix: "padding",
        className: line ? "ZeroPadding1D" : "ZeroPadding2D",
        config: {
          padding: line ? (pads[0] ?? [0, 0]) : pads,
          ...(data_format === undefined ? {} : { data_format }),
        },
      },
      { suffix: "valid", className, config: { ...config, padding: "valid" }, main: true },
    );
  },
};

function padsOf(config: JsonObject, input: Dims): number[][] | null {
  const list = (key: string): readonly number[] => (config[key] as readonly number[] | undefined) ?? [];
  const [size, strides, dilation] = [list("kernel_size"), list("strides"), list("dilation_rate")];
  const first = config["data_format"] === "channels_first" ? 2 : 1;
  const pads = size.map((width, axis): number[] | null => {
    const span = (width - 1) * (dilation[axis] ?? 1) + 1;
    if (config["padding"] === "causal") return [span - 1, 0];
    const extent = input[first + axis] ?? null;
    const stride = strides[axis] ?? 1;
    if (extent === null) return null;
    const total = Math.max(0, (Math.ceil(extent / stride) - 1) * stride + span - extent);
    return [Math.floor(total / 2), Math.ceil(total / 2)];
  });
  return pads.every((pair) => pair !== null) ? pads : null;
}
