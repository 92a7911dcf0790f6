/** @file The ledger of a conversion: what became of every config key and every weight of the source (INTERFACE). */

import type { Model } from "../model/model.ts";
import type { Plan } from "./plan.ts";

export interface LedgerEntry {
  /** "dense/config/units", "dense/weights/kernel", "training/optimizer_config". */
  readonly path: string;
  readonly kind: "config" | "weight" | "connection" | "training" | "metadata";
  readonly fate: "carried" | "translated" | "defaulted" | "rewritten" | "kept-as-metadata" | "not-needed";
  readonly to: string | null;
  readonly note: string | null;
}

export interface Ledger {
  readonly schema: "vernier.ledger/1";
  readonly source: LedgerSide;
  readonly target: LedgerSide;
  readonly entries: readonly LedgerEntry[];
}

export interface LedgerSide {
  readonly path: string;
  readonly format: string;
  readonly dialect: string;
  readonly writer: string | null;
}

export function ledgerOf(
  source: { readonly model: Model; readonly path: string; readonly format: string },
  target: { readonly path: string; readonly format: string },
  plan: Plan,
): Ledger {
  const { path, format, model } = source;
  return {
    schema: "vernier.ledger/1",
    source: { path, format, dialect: model.dialect, writer: model.writer },
    target: { ...target, dialect: plan.to, writer: "Vernier" },
    entries: plan.ledger,
  };
}
