/** @file Layers that do nothing in prediction and that TF.js lacks: a Dropout of the same rate, or a linear Activation. */

import { chain, type Rewrite } from "./rewrite.ts";

export const identityLayers: Rewrite = {
  id: "identity-in-prediction",
  summary: "A layer that only trains, by one that TF.js has",
  general: true,
  exact: true,
  parts({ identity, training }) {
    if (!identity) return null;
    const { rate } = training;
    return chain(
      typeof rate === "number"
        ? {
            suffix: "dropout",
            className: "Dropout",
            config: { rate },
            main: true,
          }
        : { suffix: "linear", className: "Activation", config: { activation: "linear" }, main: true },
    );
  },
};
