/**
 * @file A layer that is fed one tensor twice: TF.js's executor counts it once for each input and disposes of it too early
 * (tfjs-layers engine/executor.ts). Each repetition becomes a tensor of its own, by a Reshape to its own shape.
 */

import type { Part, PartRef, Rewrite } from "./rewrite.ts";

export const repeatedInput: Rewrite = {
  id: "repeated-input",
  summary: "A copy of a tensor that a layer is fed twice",
  general: true,
  exact: true,
  parts({ className, config }, { inputs, repeats }) {
    const known = repeats.every(
      (input) => (inputs[input] ?? []).slice(1).filter((dim) => dim === null).length <= 1,
    );
    if (repeats.length === 0 || !known) return null;
    const copies = repeats.map(
      (input, i): Part => ({
        suffix: `copy${i === 0 ? "" : i + 1}`,
        className: "Reshape",
        config: { target_shape: (inputs[input] ?? []).slice(1).map((dim) => dim ?? -1) },
        inputs: [{ input }],
      }),
    );
    const fed = inputs.map((_, input): PartRef => {
      const copy = repeats.indexOf(input);
      return copy < 0 ? { input } : { part: copy };
    });
    return [...copies, { suffix: "fed", className, config, inputs: fed, main: true }];
  },
};
