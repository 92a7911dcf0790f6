/** @file An activation that the target has no word for, taken out of its layer: Conv2D(hard_silu) is Conv2D, then hard_silu. */

import { chain, type Rewrite } from "./rewrite.ts";

export const activationApart: Rewrite = {
  id: "activation-apart",
  summary: "The activation as a layer of its own after a linear one",
  general: true,
  exact: true,
  parts({ className, config, states }) {
    const { activation } = config;
    // A layer that is nothing but its activation has no weights, and would be taken apart for ever.
    if (Object.keys(config).length === 1 || states > 0) return null;
    if (typeof activation !== "string" || activation === "linear") return null;
    return chain(
      { suffix: "linear", className, config: { ...config, activation: "linear" }, main: true },
      { suffix: "activation", className: "Activation", config: { activation } },
    );
  },
};
