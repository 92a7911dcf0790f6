/** @file The table of layers: A's calls in topological order with their counterparts, then what only B has. */

import type { Certificate, LayerRow } from "../compare/findings.ts";
import type { Matching } from "../compare/match.ts";
import { classOf, type Model } from "../model/model.ts";
import type { Observation } from "./observe.ts";
import { IS_THE_REFERENCE } from "./verdict.ts";

const notRun = (explains: string): Certificate => ({
  status: "not-run",
  error: null,
  bound: null,
  index: null,
  explains,
});

export function layerRows(a: Model, b: Model, matching: Matching, observed: Observation | null): LayerRow[] {
  const certificate = (side: "a" | "b", call: number | null): Certificate => {
    if (observed === null) return notRun("the side was not run");
    if (call === null) return notRun("the other side has no such layer");
    const evidence = observed[side];
    if (evidence.arithmetic === null) return notRun(IS_THE_REFERENCE);
    const found = evidence.certificates[call];
    if (found === undefined) return notRun("not seen in the trace");
    const { status, error, bound, index, explains } = found;
    return { status, error, bound, index, explains };
  };
  const rows = a.calls.map((call, index): LayerRow => {
    const callB = matching.callB[index] ?? null;
    return {
      name: call.id,
      nameB: callB === null ? null : (b.calls[callB]?.id ?? null),
      partsB: [],
      className: classOf(a, call),
      maxAbs: observed?.maxAbs.get(index) ?? null,
      a: certificate("a", index),
      b: certificate("b", callB),
    };
  });
  const onlyB = b.calls.flatMap((call, index): LayerRow[] =>
    matching.callA[index] === null || matching.callA[index] === undefined
      ? [
          {
            name: null,
            nameB: call.id,
            partsB: [],
            className: classOf(b, call),
            maxAbs: null,
            a: certificate("a", null),
            b: certificate("b", index),
          },
        ]
      : [],
  );
  return [...rows, ...onlyB];
}
