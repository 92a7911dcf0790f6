/** @file Layers that TF.js computes wrongly, or not at all, with the channels first: Permute before and after. */

import { moved } from "./axis-last.ts";
import { chain, type Rewrite } from "./rewrite.ts";

export const channelsLast: Rewrite = {
  id: "channels-last",
  summary: "Permute around a layer whose channels come first",
  exact: true,
  parts({ className, config }, { inputs: [input], outputs: [output] }) {
    if (config["data_format"] !== "channels_first") return null;
    if (input === undefined || output === undefined) return null;
    // Softmax runs along the last axis of what the layer hands over, which here is another.
    if (config["activation"] === "softmax" || config["activation"] === "log_softmax") return null;
    const inside = {
      suffix: "inside",
      className,
      config: { ...config, data_format: "channels_last" },
      main: true,
    };
    const before = {
      suffix: "channels_last",
      className: "Permute",
      config: { dims: moved(input, 1, input.length - 1) },
    };
    if (output.length !== input.length) return chain(before, inside);
    const back = { dims: moved(output, output.length - 1, 1) };
    return chain(before, inside, { suffix: "channels_first", className: "Permute", config: back });
  },
};
