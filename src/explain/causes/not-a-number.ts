/** @file Cause `not-a-number`: where NaN or infinity first appears on a side, while what came in was finite. */

import type { Tensor } from "../../tensor/tensor.ts";
import type { SideEvidence } from "../evidence.ts";
import type { Finding } from "../finding.ts";

export function notANumberFindings(side: "a" | "b", { model, activations, engine }: SideEvidence): Finding[] {
  if (activations === null) return [];
  for (const [index, call] of model.calls.entries()) {
    const outputs = activations[index];
    if (outputs === null || outputs === undefined || outputs.every(isFinite)) continue;
    if (
      !call.inputs.every(
        (ref) =>
          activations[ref.call]?.[ref.output] === undefined || isFinite(activations[ref.call]?.[ref.output]),
      )
    )
      continue;
    const value = firstNonFinite(outputs);
    return [
      {
        kind: "not-a-number",
        side,
        layer: side === "a" ? call.id : null,
        layerB: side === "b" ? call.id : null,
        detail: String(value),
        valueA: side === "a" ? value : null,
        valueB: side === "b" ? value : null,
        message: `${value} first appears in ${call.id} on ${engine}; what came into it was finite`,
        hint: "look at this layer's input range: a division by zero, a logarithm of 0 or an overflow of the number format",
      },
    ];
  }
  return [];
}

function isFinite(tensor: Tensor | undefined): boolean {
  return tensor === undefined || firstNonFinite([tensor]) === null;
}

function firstNonFinite(tensors: readonly Tensor[]): number | null {
  for (const { data } of tensors) {
    if (!(data instanceof Float32Array || data instanceof Float64Array)) continue;
    for (let i = 0; i < data.length; i++) {
      const value = data[i] as number;
      if (value - value !== 0) return value;
    }
  }
  return null;
}
