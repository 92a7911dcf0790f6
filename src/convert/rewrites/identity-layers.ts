/** @file Layers that do nothing in prediction and that TF.js lacks: a Dropout of the same rate, or a linear Activation. */

import { chain, type Rewrite } from "./rewrite.ts";

export const identityLayers: Rewrite = {
  id: "identity-in-prediction",
  summary: "A layer that only trains, by one that TF.js has",
  exact: true,
  parts({ className, identity, training }) {
    if (!identity) return null;
    const { rate } = training;
    return chain(
      className.endsWith("Dropout2D") || className.endsWith("Dropout3D")
        ? {
            suffix: "dropout",
            className: "Dropout",
            config: { rate: typeof rate === "number" ? rate : 0 },
            main: true,
          }
        : { suffix: "linear", className: "Activation", config: { activation: "linear" }, main: true },
    );
  },
};
