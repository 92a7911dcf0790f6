/** @file Flatten of what TF.js does not flatten: inputs of rank 1 and 2, and of unknown length. A Reshape does the same. */

import { chain, type Rewrite } from "./rewrite.ts";

export const flattenShort: Rewrite = {
  id: "flatten-as-reshape",
  summary: "Reshape in place of a Flatten that TF.js refuses",
  exact: true,
  parts({ config }, { inputs: [input], outputs: [output] }) {
    if (config["data_format"] === "channels_first" || input === undefined) return null;
    return chain({
      suffix: "flat",
      className: "Reshape",
      config: { target_shape: [output?.[1] ?? -1] },
      main: true,
    });
  },
};
