/** @file Subtract, which TF.js lacks: the second input times −1, then Add. A sign changes exactly. */

import { after, type Rewrite } from "./rewrite.ts";

export const subtractAsAdd: Rewrite = {
  id: "subtract-as-add",
  summary: "Add of the negated second input",
  exact: true,
  parts: () => [
    { suffix: "minus", className: "Rescaling", config: { scale: -1, offset: 0 }, inputs: [{ input: 1 }] },
    { suffix: "sum", className: "Add", config: {}, inputs: [{ input: 0 }, after(0)] },
  ],
};
