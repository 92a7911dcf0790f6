/** @file Global pooling that keeps its axes: a Reshape after it. */

import { chain, type Rewrite } from "./rewrite.ts";

export const keepDims: Rewrite = {
  id: "keep-dims",
  summary: "Reshape after a pooling that keeps its axes",
  exact: true,
  parts({ className, config }, { outputs: [output] }) {
    const dims = output?.slice(1);
    if (config["keepdims"] !== true || dims === undefined || dims.includes(null)) return null;
    return chain(
      { suffix: "pooled", className, config: { ...config, keepdims: false }, main: true },
      { suffix: "keepdims", className: "Reshape", config: { target_shape: [...dims] } },
    );
  },
};
