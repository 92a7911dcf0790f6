/**
 * @file UnitNormalization: vectors along one or more axes brought to length 1, unless they are very short: shorter than
 * 1e-12 in Keras 3 (epsilon of the length), than 1e-6 in Keras 2 (epsilon 1e-12 of its square).
 */

import { integer, listOf } from "../base/decode.ts";
import { L2_FORMS, type L2Form, l2_normalize } from "../ops/derived.ts";
import { normalizeAxis } from "../tensor/tensor.ts";
import { type DialectDecoder, defineLayer, type Formula, optional, result } from "./define.ts";
import { implied } from "./implied.ts";

const axes: DialectDecoder<readonly number[]> = {
  decodeIn: (json, _dialect, where) => listOf(integer()).decode(Array.isArray(json) ? json : [json], where),
};

interface Config {
  readonly axis: readonly number[];
  readonly least_square_sum: number;
}

const unitBy =
  (form: L2Form): Formula<Config> =>
  (ops, { config, input, mask }) =>
    result(l2_normalize(ops, input, config.axis, config.least_square_sum, form), mask);

export const unitNormalization = defineLayer({
  classNames: ["UnitNormalization"],

  config: {
    axis: optional(axes, [-1]),
    least_square_sum: implied(1e-24, { keras2: 1e-12 }, "the least sum of squares that it normalizes"),
  },

  resolve: ({ axis, least_square_sum }, [input]) => ({
    axis:
      input === undefined ? axis : axis.map((at) => normalizeAxis(at, input.length)).sort((a, b) => a - b),
    least_square_sum,
  }),

  call: unitBy(L2_FORMS[0]),
  formulas: L2_FORMS.slice(1).map(unitBy),

  samples: [
    { config: {}, inputs: [{ shape: [3, 4, 5], mask: "ragged" }] },
    { config: { axis: 1 }, inputs: [{ shape: [2, 3, 4] }] },
    { config: { axis: [1, 2] }, inputs: [{ shape: [2, 3, 4] }] },
    { config: {}, inputs: [{ shape: [2, 5], values: "tiny" }] },
  ],
});
