/** @file The outputs of both sides in pairs, and the element at which the budget is formed. */

import type { Report } from "../compare/findings.ts";
import type { Matching } from "../compare/match.ts";
import { compareOutputs, type OutputPair } from "../compare/outputs.ts";
import type { Model } from "../model/model.ts";
import type { Tensor } from "../tensor/tensor.ts";

export interface PairedOutputs {
  readonly rows: Report["outputs"];
  readonly predictions: Report["predictions"];
  /** At least one output is on both sides with the same shape. */
  readonly compared: boolean;
  /** `null` where no budget can be formed; `whyNoBudget` says why. */
  readonly at: {
    readonly outputA: number;
    readonly outputB: number;
    readonly name: string;
    readonly sample: number;
    readonly index: readonly number[];
  } | null;
  readonly whyNoBudget: string | null;
  readonly notCompared: Report["notCompared"];
}

/** The rows of outputs that no run gave: what the files say of them. A size that only a run shows is -1. */
export function outputsNotRun(a: Model, b: Model, matching: Matching, samples: number): Report["outputs"] {
  const said = (model: Model, name: string | null) => {
    const ref = model.outputs.find((output) => output.name === name)?.ref;
    return ref === undefined ? undefined : model.calls[ref.call]?.outputs[ref.output];
  };
  return pairOutputs(a, b, matching, [], []).rows.map((row) => {
    const { dims, dtype } = said(a, row.name) ?? said(b, row.nameB) ?? { dims: [], dtype: row.dtype };
    return { ...row, shape: dims.map((dim, axis) => dim ?? (axis === 0 ? samples : -1)), dtype };
  });
}

export function pairOutputs(
  a: Model,
  b: Model,
  { outputs }: Matching,
  predictionsA: readonly Tensor[],
  predictionsB: readonly Tensor[],
): PairedOutputs {
  const pairs: OutputPair[] = [
    ...outputs.map((pair) => ({
      name: a.outputs[pair.a]?.name ?? null,
      nameB: b.outputs[pair.b]?.name ?? null,
      a: predictionsA[pair.a] ?? null,
      b: predictionsB[pair.b] ?? null,
    })),
    ...a.outputs.flatMap(({ name }, i) =>
      outputs.some((pair) => pair.a === i)
        ? []
        : [{ name, nameB: null, a: predictionsA[i] ?? null, b: null }],
    ),
    ...b.outputs.flatMap(({ name }, i) =>
      outputs.some((pair) => pair.b === i)
        ? []
        : [{ name: null, nameB: name, a: null, b: predictionsB[i] ?? null }],
    ),
  ];
  const { rows, worst, predictions } = compareOutputs(pairs);
  const pair = worst === null ? undefined : outputs[worst.output];
  const finite = worst !== null && Number.isFinite(worst.a) && Number.isFinite(worst.b);
  return {
    rows,
    predictions,
    compared: worst !== null,
    at:
      worst !== null && pair !== undefined && finite
        ? {
            outputA: pair.a,
            outputB: pair.b,
            name: a.outputs[pair.a]?.name ?? "?",
            sample: worst.sample,
            index: worst.index,
          }
        : null,
    whyNoBudget:
      worst === null
        ? "no output of both sides has the same shape"
        : finite
          ? null
          : "a prediction is not finite",
    notCompared: pairs.flatMap(({ name, nameB }) =>
      name !== null && nameB !== null
        ? []
        : [
            {
              what: `output ${name ?? nameB ?? "?"}`,
              reason: `only side ${name === null ? "B" : "A"} has it`,
            },
          ],
    ),
  };
}
