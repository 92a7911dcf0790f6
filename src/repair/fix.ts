/**
 * @file `fix`: what makes B predict what A predicts. Finds the causes, makes every repair that there is, and says the
 * repaired model in B's own format. Nothing is written here, and nothing proved: see `prove-fix.ts`.
 */

import { isVernierError, type VernierError } from "../base/errors.ts";
import type { Problem } from "../base/problem.ts";
import type { Cause, CauseKind, Report } from "../compare/findings.ts";
import { type Conversion, convert, type Target } from "../convert/convert.ts";
import { refusalFor } from "../engines/tfjs-refusals.ts";
import { check } from "../explain/check.ts";
import type { CheckOptions } from "../explain/options.ts";
import { alike } from "../explain/rewritten-layers.ts";
import type { Model } from "../model/model.ts";
import { REPAIRS } from "./index.ts";
import type { RepairMade } from "./repair.ts";

/** What only the user can repair. */
export interface Yours {
  /** `null`: a runtime refuses the file, or the repaired model cannot be said in B's format. */
  readonly kind: CauseKind | null;
  readonly layer: string | null;
  readonly field: string | null;
  readonly message: string;
  readonly hint: string;
}

export interface Fix {
  /** Of the pair as it is. */
  readonly report: Report;
  readonly repairs: readonly RepairMade[];
  readonly yours: readonly Yours[];
  /** `null`: there is nothing to write, because the models agree or because what differs is the user's. */
  readonly conversion: Conversion | null;
}

export interface FixOptions extends CheckOptions {
  /** Of the file that is written, where B is a Keras file. */
  readonly name?: string;
}

export async function fix(options: FixOptions): Promise<Fix> {
  const report = await check(options);
  const open = report.causes.filter(({ accepted }) => !accepted);
  const refusal = refusalOfB(report, options);
  const nothing = (yours: readonly Yours[]): Fix => ({ report, repairs: [], yours, conversion: null });
  const unrepaired = open.filter(({ repair }) => repair === null);
  if (open.some(isBeyondRepair)) return nothing(yoursOf(report, unrepaired, refusal));
  // As `check` compares them.
  const { rewrittenA, rewrittenB } = await alike(options.a.model, options.b.model);
  const a = rewrittenA?.model ?? options.a.model;
  const b = rewrittenB?.model ?? options.b.model;
  try {
    const { model, made } = repaired(b, { a, causes: open, refusal });
    if (made.length === 0) return nothing(yoursOf(report, open, refusal));
    const { name } = options;
    const to = formatOf(options.b.model);
    const conversion = await convert(model, { to, ...(name === undefined ? {} : { name }) });
    return { report, repairs: made, yours: yoursOf(report, open.filter(isInput), null), conversion };
  } catch (error) {
    if (!isVernierError(error, "convert.refused", "weights.missing", "weights.unwritable")) throw error;
    // What TF.js says of a layer that it lacks is nearer to the user than what a translation says.
    const known = refusal !== null && refusalFor(refusal.message)?.ofWords !== true;
    return nothing(
      known ? yoursOf(report, unrepaired, refusal) : [...unsaid(error), ...yoursOf(report, unrepaired, null)],
    );
  }
}

const isInput = ({ kind }: Cause): boolean => kind === "input";

/** It would be there still, whatever else were repaired: other layers, a layer that B's format has no words for. */
const isBeyondRepair = (cause: Cause): boolean =>
  cause.kind === "custom" || (cause.side === "between" && !isInput(cause) && cause.repair === null);

function unsaid(error: VernierError): Yours[] {
  const { message, hint } = error;
  const layers = isVernierError(error, "convert.refused") ? error.details.layers : [message];
  return layers.map((said) => ({ kind: null, layer: null, field: null, message: said, hint }));
}

function repaired(
  b: Model,
  context: { readonly a: Model; readonly causes: readonly Cause[]; readonly refusal: Problem | null },
): { readonly model: Model; readonly made: readonly RepairMade[] } {
  let model = b;
  const made: RepairMade[] = [];
  for (const repair of REPAIRS) {
    const result = repair.apply(model, context);
    if (result === undefined) continue;
    model = result.model;
    made.push(...result.made);
  }
  return { model, made };
}

function refusalOfB({ problems }: Report, { engineB }: CheckOptions): Problem | null {
  if (engineB === "reference") return null;
  return (
    problems.find(
      ({ code, message }) => code === "engine.refused" && message.startsWith(`${engineB.id} refuses`),
    ) ?? null
  );
}

function yoursOf({ sides }: Report, causes: readonly Cause[], refusal: Problem | null): Yours[] {
  const said = new Set<string>();
  const yours = causes.flatMap(({ kind, layer, layerB, field, message, hint }): Yours[] => {
    if (said.has(message)) return [];
    said.add(message);
    const leave = `--accept ${kind}:${layerB ?? layer} leaves it as it is`;
    const way =
      kind === "structure"
        ? `vernier convert ${sides.a.path} DEST writes the model that you trust anew; --accept structure leaves it as it is`
        : kind === "config"
          ? `${hint}; ${leave}`
          : hint;
    return [{ kind, layer: layerB ?? layer, field, message, hint: way }];
  });
  if (refusal === null) return yours;
  return [{ kind: null, layer: null, field: null, message: refusal.message, hint: refusal.hint }, ...yours];
}

/** The format that B has. A file of weights alone becomes one, except TF.js's, which gets its architecture. */
export function formatOf({ format }: Model): Target {
  switch (format) {
    case "keras-h5":
      return "h5";
    case "keras-v3":
      return "keras";
    case "keras-weights":
      return "weights.h5";
    default:
      return "tfjs";
  }
}
