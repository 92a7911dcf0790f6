/** @file BatchNormalization and Softmax along an axis that is not the last: Permute before and after. */

import type { Dims } from "../../tensor/tensor.ts";
import { chain, type Rewrite } from "./rewrite.ts";

export const axisLast: Rewrite = {
  id: "axis-last",
  summary: "Permute around a layer whose axis is not last",
  exact: true,
  parts({ className, config }, { inputs: [input] }) {
    const axis = axisOf(config["axis"]);
    if (axis === null || input === undefined || axis === input.length - 1 || axis < 1) return null;
    const last = input.length - 1;
    return chain(
      { suffix: "axis_last", className: "Permute", config: { dims: moved(input, axis, last) } },
      {
        suffix: "inside",
        className,
        config: { ...config, axis: typeof config["axis"] === "number" ? last : [last] },
        main: true,
      },
      { suffix: "axis_back", className: "Permute", config: { dims: moved(input, last, axis) } },
    );
  },
};

function axisOf(axis: unknown): number | null {
  const one: unknown = Array.isArray(axis) && axis.length === 1 ? axis[0] : axis;
  return typeof one === "number" ? one : null;
}

/** Permute's `dims`, from 1, that take axis `from` to `to` and leave the others in order. */
export function moved(input: Dims, from: number, to: number): number[] {
  const rest = input.map((_, i) => i).filter((i) => i > 0 && i !== from);
  rest.splice(to - 1, 0, from);
  return rest;
}
