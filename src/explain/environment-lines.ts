/** @file The lines of the budget that one engine's own errors make, by layer. */

import type { Ops } from "../ops/ops.ts";
import { type RealTensor, realFromTensor } from "../tensor/tensor.ts";
import { type CutLimits, chooseCuts, cutByCut } from "./environment.ts";
import type { Evidence, SideEvidence } from "./evidence.ts";
import { workOf } from "./work.ts";

/** Above this many steps or calls, layers share lines: each line costs about half a reference prediction. */
export const MAX_LINES = 48;
/** What the lines of one engine may cost, in multiply-adds: some three seconds in plain TypeScript; six lines in any case. */
const LINE_LIMITS: CutLimits = { most: MAX_LINES, least: 6, work: 4e9 };
/** Where nothing but rounding parts the sides, whose rounding it is is worth less of the user's time: a second. */
const ROUNDING_LIMITS: CutLimits = { most: MAX_LINES, least: 3, work: 1e9 };

export interface SideLines {
  readonly lines: readonly { readonly from: number; readonly to: number; readonly value: number }[];
  /** The number as the watched run has it, and as the reference has it; `null` where nothing was watched. */
  readonly traced: number | null;
  readonly reference: number | null;
}

export interface LinesOptions {
  readonly ops: Ops<RealTensor>;
  readonly weights: Evidence["weights"];
  readonly inputs: readonly RealTensor[];
  read(outputs: readonly RealTensor[]): number;
  /** The number as the plain run has it; null where no engine ran. */
  readonly plain: number | null;
  /** 1: engine − reference (side B); −1: reference − engine (side A). */
  readonly sign: 1 | -1;
  /** Does nothing part the sides but rounding? */
  readonly isRounding: boolean;
}

export async function environmentLines(
  side: SideEvidence,
  { ops, weights, inputs, read, plain, sign, isRounding }: LinesOptions,
): Promise<SideLines> {
  if (side.activations === null) return { lines: [], traced: null, reference: null };
  const refuted = side.certificates.flatMap((certificate, call) =>
    certificate.status === "refuted" ? [call] : [],
  );
  const byError = side.certificates
    .map(({ error }, call) => ({ call, error: error ?? 0 }))
    .sort((x, y) => y.error - x.error)
    .map(({ call }) => call);
  const cuts = chooseCuts(workOf(side.model), refuted, byError, isRounding ? ROUNDING_LIMITS : LINE_LIMITS);
  const activations = side.activations.map(
    (outputs) => outputs?.map((output) => realFromTensor(output)) ?? null,
  );
  const { reference, values } = await cutByCut(
    {
      model: side.model,
      ops,
      inputs,
      activations,
      read,
      weightsOf: (layer) => weights.weightsOf(side.model, layer),
    },
    cuts,
  );
  const lines = values.map((value, i) => ({
    from: (cuts[i - 1] ?? -1) + 1,
    to: cuts[i] ?? 0,
    value: sign * (value - (values[i - 1] ?? reference)),
  }));
  // Where the trace lacks the last activations, the rest is a line of its own, so that the column still sums up.
  const traced = values.at(-1) ?? plain;
  if (sign === 1 && traced !== null && plain !== null && traced !== plain)
    lines.push({ from: side.model.calls.length - 1, to: side.model.calls.length - 1, value: plain - traced });
  return { lines, traced, reference };
}
