/**
 * @file What a repair is: a named, pure pass over the model under test that takes some of its causes away. A cause names
 * its repair (`Cause.repair`); what none of them repairs is for the user to do.
 */

import type { Problem } from "../base/problem.ts";
import type { Cause } from "../compare/findings.ts";
import type { Model } from "../model/model.ts";

export interface RepairContext {
  /** The model to trust, said by the layers that the causes name. */
  readonly a: Model;
  /** Those that are not accepted. */
  readonly causes: readonly Cause[];
  /** What a runtime said that refuses the file; `null` where none does. */
  readonly refusal: Problem | null;
}

/** One thing that was repaired. */
export interface RepairMade {
  /** Of the repair. */
  readonly id: string;
  /** In the model under test; `null`: the file as a whole. */
  readonly layer: string | null;
  /** A config key or a weight's name. */
  readonly field: string | null;
  readonly message: string;
}

export interface Repaired {
  readonly model: Model;
  readonly made: readonly RepairMade[];
}

export interface Repair {
  readonly id: string;
  /** For people: "Weights taken from A". */
  readonly summary: string;
  /** `undefined` where there is nothing to do. */
  apply(model: Model, context: RepairContext): Repaired | undefined;
}
