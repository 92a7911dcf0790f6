/**
 * @file ReLU with a slope and ELU with another alpha, of which TF.js reads only `max_value` and alpha = 1.
 *
 * min(relu(x), max) − slope·relu(−x), and relu(x) − alpha·relu(−elu(x)): each term is one layer.
 */

import { after, chain, fromInput, type Part, type Rewrite } from "./rewrite.ts";

const relu = (suffix: string, max_value: unknown, inputs: Part["inputs"]): Part => ({
  suffix,
  className: "ReLU",
  config: { max_value: typeof max_value === "number" ? max_value : null, negative_slope: 0, threshold: 0 },
  inputs,
});
const times = (suffix: string, scale: number, inputs: Part["inputs"]): Part => ({
  suffix,
  className: "Rescaling",
  config: { scale, offset: 0 },
  inputs,
});
const sum = (...inputs: Part["inputs"]): Part => ({ suffix: "sum", className: "Add", config: {}, inputs });

export const reluParts: Rewrite = {
  id: "relu-parts",
  summary: "A sloped ReLU by LeakyReLU, or as a sum",
  exact: true,
  parts({ config }) {
    if (typeof config["alpha"] === "number")
      return [
        relu("above", null, [fromInput]),
        { suffix: "elu", className: "ELU", config: { alpha: 1 }, inputs: [fromInput] },
        times("minus", -1, [after(1)]),
        relu("below", null, [after(2)]),
        times("scaled", -config["alpha"], [after(3)]),
        sum(after(0), after(4)),
      ];
    const { negative_slope: slope, threshold, max_value } = config;
    if (typeof slope !== "number" || slope === 0 || threshold !== 0) return null;
    if (max_value === null)
      return chain({ suffix: "leaky", className: "LeakyReLU", config: { negative_slope: slope } });
    return [
      relu("above", max_value, [fromInput]),
      times("minus", -1, [fromInput]),
      relu("below", null, [after(1)]),
      times("scaled", -slope, [after(2)]),
      sum(after(0), after(3)),
    ];
  },
};
