/**
 * @file GRU with `reset_after`, which TF.js lacks: its steps one after the other, each by the same Dense layers.
 *
 * z = σ(x·Wz + bz + h·Uz + cz), r likewise, n = tanh(x·Wn + bn + r ⊙ (h·Un + cn)), h' = z ⊙ h + (1 − z) ⊙ n
 * (keras/src/layers/rnn/gru.py): the reset gate acts after the matrix product, so that no change of weights makes it
 * TF.js's GRU. Sequences must have a known length, and no mask.
 */

import type { JsonObject } from "../../base/json.ts";
import type { Block } from "../weight-blocks.ts";
import type { Part, PartRef, Rewrite } from "./rewrite.ts";

/** The graph has some 20 calls a step; TF.js takes seconds to build more than this. */
const MAX_STEPS = 128;

export const unrolledGru: Rewrite = {
  id: "unrolled-gru",
  summary: "The steps of a GRU by Dense layers, one after the other",
  exact: true,
  parts({ config, training, rewrites }, { inputs: [input], masks, states }) {
    const [, time, features] = input ?? [];
    if (config["reset_after"] !== true || config["return_state"] === true || training["stateful"] === true)
      return null;
    if (masks > 0 || states || rewrites.length === 0) return null;
    if (typeof time !== "number" || typeof features !== "number" || time < 1 || time > MAX_STEPS) return null;
    return unrolled(config, time, features);
  },
};

type Gate = "z" | "r" | "n";
const GATES: readonly Gate[] = ["z", "r", "n"];

function unrolled(config: JsonObject, time: number, features: number): Part[] {
  const units = Number(config["units"]);
  const parts: Part[] = [];
  const steps = Array.from({ length: time }, (_, t) => t);
  /** Its index; `calls` may name parts that come later, which is why parts are named first. */
  const names = namesOf(time, config["return_sequences"] === true);
  const at = (name: string, call = 0): PartRef => ({ part: names.indexOf(name), call });
  const add = (
    name: string,
    className: string,
    own: JsonObject,
    calls: readonly (readonly PartRef[])[],
    weights?: Part["weights"],
  ): void => {
    parts.push({
      suffix: name,
      className,
      config: own,
      inputs: calls[0] ?? [],
      calls,
      ...(weights === undefined ? {} : { weights }),
      ...(name === "xz" ? { main: true } : {}),
    });
  };
  const before = (t: number): PartRef => (t === 0 ? at("zero") : at("h", t - 1));
  const dense = (
    name: string,
    from: "kernel" | "recurrent_kernel",
    gate: number,
    row: number,
    calls: readonly (readonly PartRef[])[],
  ): void => {
    const rows = from === "kernel" ? features : units;
    const columns: Block = { start: [0, gate * units], extent: [rows, units] };
    const bias: Block = { start: [row, gate * units], extent: [1, units] };
    const use_bias = config["use_bias"] === true;
    add(name, "Dense", { units, activation: "linear", use_bias }, calls, {
      kernel: { from, block: columns },
      ...(use_bias ? { bias: { from: "bias", block: bias } } : {}),
    });
  };
  const each = (refs: (t: number) => readonly PartRef[]) => steps.map(refs);

  add("image", "Reshape", { target_shape: [time, 1, features] }, [[{ input: 0 }]]);
  for (const t of steps)
    add(
      `at${t}`,
      "Cropping2D",
      {
        cropping: [
          [t, time - 1 - t],
          [0, 0],
        ],
      },
      [[at("image")]],
    );
  const order = config["go_backwards"] === true ? steps.toReversed() : steps;
  add(
    "x",
    "Reshape",
    { target_shape: [features] },
    order.map((t) => [at(`at${t}`)]),
  );
  for (const [i, gate] of GATES.entries())
    dense(
      `x${gate}`,
      "kernel",
      i,
      0,
      each((t) => [at("x", t)]),
    );
  add("zero", "Rescaling", { scale: 0, offset: 0 }, [[at("xz", 0)]]);
  for (const [i, gate] of GATES.entries())
    dense(
      `h${gate}`,
      "recurrent_kernel",
      i,
      1,
      each((t) => [before(t)]),
    );
  for (const gate of ["z", "r"] as const) {
    add(
      `${gate}_sum`,
      "Add",
      {},
      each((t) => [at(`x${gate}`, t), at(`h${gate}`, t)]),
    );
    add(
      gate,
      "Activation",
      { activation: config["recurrent_activation"] ?? "sigmoid" },
      each((t) => [at(`${gate}_sum`, t)]),
    );
  }
  add(
    "reset",
    "Multiply",
    {},
    each((t) => [at("r", t), at("hn", t)]),
  );
  add(
    "n_sum",
    "Add",
    {},
    each((t) => [at("xn", t), at("reset", t)]),
  );
  add(
    "n",
    "Activation",
    { activation: config["activation"] ?? "tanh" },
    each((t) => [at("n_sum", t)]),
  );
  add(
    "kept",
    "Multiply",
    {},
    each((t) => [at("z", t), before(t)]),
  );
  add(
    "rest",
    "Rescaling",
    { scale: -1, offset: 1 },
    each((t) => [at("z", t)]),
  );
  add(
    "new",
    "Multiply",
    {},
    each((t) => [at("rest", t), at("n", t)]),
  );
  add(
    "h",
    "Add",
    {},
    each((t) => [at("kept", t), at("new", t)]),
  );
  if (config["return_sequences"] !== true)
    add("last", "Activation", { activation: "linear" }, [[at("h", time - 1)]]);
  else {
    add(
      "row",
      "Reshape",
      { target_shape: [1, units] },
      each((t) => [at("h", t)]),
    );
    if (time === 1) add("last", "Activation", { activation: "linear" }, [[at("row")]]);
    else add("last", "Concatenate", { axis: 1 }, [steps.map((t) => at("row", t))]);
  }
  return parts;
}

const namesOf = (time: number, sequences: boolean): string[] => [
  "image",
  ...Array.from({ length: time }, (_, t) => `at${t}`),
  ..."x xz xr xn zero hz hr hn z_sum z r_sum r reset n_sum n kept rest new h".split(" "),
  ...(sequences ? ["row"] : []),
  "last",
];
