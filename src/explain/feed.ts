/** @file What both sides are fed: made-up samples or the user's tensors, in the order in which each model takes them. */

import { VernierError } from "../base/errors.ts";
import { sha256Hex } from "../base/sha256.ts";
import type { Report } from "../compare/findings.ts";
import type { Matching } from "../compare/match.ts";
import { syntheticInputs } from "../compare/synthetic.ts";
import type { Model } from "../model/model.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { InputSpec, NamedTensor } from "./options.ts";

export interface Fed {
  readonly samples: number;
  /** In the order of each model's inputs. */
  readonly a: readonly Tensor[];
  readonly b: readonly Tensor[];
  /** For each input of A, the position among B's inputs of what B was fed for it; `null` where it does not fit A. */
  readonly bForA: readonly number[] | null;
  /** Pairs to compare; empty when both sides are fed the same tensors. */
  readonly pairs: readonly { readonly name: string; readonly a: Tensor; readonly b: Tensor }[];
  readonly tensors: Report["input"]["tensors"];
}

export async function feed(
  spec: InputSpec,
  a: Model,
  b: Model,
  matching: Pick<Matching, "inputs">,
): Promise<Fed> {
  const forA = spec.source === "synthetic" ? syntheticInputs(a, spec.samples, spec.seed) : arrange(a, spec.a);
  const pairOf = (i: number): number => matching.inputs.find((pair) => pair.a === i)?.b ?? i;
  const positions = a.inputs.map((_, i) => pairOf(i));
  const ownB = spec.source === "files" && spec.b !== null ? arrange(b, spec.b) : null;
  const forB =
    ownB ??
    b.inputs.map((input, i) => {
      const tensor = forA[positions.indexOf(i)];
      if (tensor === undefined)
        throw new VernierError("input.invalid", {
          reason: `input "${input.name}" of the second model has no counterpart in the first`,
        });
      return tensor;
    });
  const samples = forA[0]?.shape[0] ?? 0;
  if (samples === 0 || forB.some(({ shape }) => shape[0] !== samples)) {
    throw new VernierError("input.invalid", {
      reason: `side A is fed ${samples} samples, side B ${forB.map(({ shape }) => shape[0] ?? 0).join(", ")}`,
    });
  }
  const fits = a.inputs.every(
    (_, i) => forB[positions[i] ?? i]?.shape.slice(1).join() === forA[i]?.shape.slice(1).join(),
  );
  return {
    samples,
    a: forA,
    b: forB,
    bForA: fits ? positions : null,
    pairs:
      ownB === null ? [] : a.inputs.flatMap(({ name }, i) => pairAt(name, forA[i], forB[positions[i] ?? i])),
    tensors:
      ownB === null
        ? await describe("both", a, forA)
        : [...(await describe("a", a, forA)), ...(await describe("b", b, forB))],
  };
}

const pairAt = (name: string, a: Tensor | undefined, b: Tensor | undefined): Fed["pairs"] =>
  a === undefined || b === undefined ? [] : [{ name, a, b }];

/** By name where every tensor has one that the model knows, else in succession. */
function arrange(model: Model, given: readonly NamedTensor[]): Tensor[] {
  const named = model.inputs.map(({ name }) => given.find((tensor) => tensor.name === name)?.tensor);
  const chosen = named.every((tensor) => tensor !== undefined) ? named : given.map(({ tensor }) => tensor);
  if (chosen.length !== model.inputs.length) {
    throw new VernierError("input.invalid", {
      reason: `the model takes ${model.inputs.length} inputs, ${chosen.length} were given`,
    });
  }
  return chosen.map((tensor, i) => checkShape(model, i, tensor));
}

function checkShape(model: Model, i: number, tensor: Tensor): Tensor {
  const input = model.inputs[i];
  if (input === undefined) return tensor;
  const fits = (shape: readonly number[]): boolean =>
    shape.length === input.dims.length &&
    input.dims.slice(1).every((dim, axis) => dim === null || dim === shape[axis + 1]);
  if (fits(tensor.shape)) return tensor;
  // One sample without its batch axis.
  const single = { ...tensor, shape: [1, ...tensor.shape] };
  if (fits(single.shape)) return single;
  throw new VernierError("input.invalid", {
    reason: `input "${input.name}" takes [${input.dims.map((dim) => dim ?? "any").join(", ")}], the file holds [${tensor.shape.join(", ")}]`,
  });
}

async function describe(
  side: "a" | "b" | "both",
  model: Model,
  tensors: readonly Tensor[],
): Promise<Report["input"]["tensors"]> {
  return Promise.all(
    tensors.map(async ({ shape, dtype, data }, i) => ({
      side,
      name: model.inputs[i]?.name ?? String(i),
      shape,
      dtype,
      sha256: await sha256Hex(bytesOf(data)),
    })),
  );
}

function bytesOf(data: Tensor["data"]): Uint8Array {
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new TextEncoder().encode(JSON.stringify(data));
}
