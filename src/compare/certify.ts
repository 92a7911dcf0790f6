/**
 * @file Certificates: did an engine compute each call as its stated arithmetic allows, on its own activations?
 *
 * Nothing inherited blurs the picture: every call is judged on the tensors that the engine itself fed to it, with the
 * masks that the model means, computed by the layers on those tensors and travelling along the graph.
 */

import { isVernierError } from "../base/errors.ts";
import { lastUses } from "../model/evaluate.ts";
import type { Model, TensorRef } from "../model/model.ts";
import type { Arithmetic } from "../numerics/arithmetic.ts";
import { COARSER_FORMATS, storedIn, tf32Operands } from "../numerics/coarser.ts";
import { roundTo } from "../numerics/formats.ts";
import { type Bounded, boundedOps, exact } from "../ops/bounded.ts";
import { fastKernels, type Kernels } from "../ops/kernels.ts";
import type { Ops } from "../ops/ops.ts";
import { isFloating } from "../tensor/dtype.ts";
import { type RealTensor, realFromTensor, type Tensor } from "../tensor/tensor.ts";
import { type Attempt, attempt, type CallToJudge } from "./attempt.ts";
import type { Certificate } from "./findings.ts";
import { type Judgement, judge, type Pair } from "./judge.ts";
import type { Trace } from "./trace.ts";

export interface CallCertificate extends Certificate {
  /** "refuted": "mask" (what the engine gave is right without the mask), "shape", or unknown. */
  readonly detail: "mask" | "shape" | null;
  /** A recurrent layer without a record of its cell's steps: judged as a whole, which says little over long sequences. */
  readonly whole: boolean;
}

export interface CertifyOptions {
  readonly kernels?: Kernels;
  /** `pairs`: what was judged, formula against engine; empty where nothing could be. */
  readonly onCall?: (call: number, certificate: CallCertificate, pairs: readonly Pair[]) => void;
}

/** One per call of the model. `inputs` in the order of `model.inputs`; weights in float64, as the file has them. */
export async function certify(
  model: Model,
  trace: Trace,
  inputs: readonly Tensor[],
  arithmetic: Arithmetic,
  weightsOf: (layer: number) => Promise<ReadonlyMap<string, RealTensor>>,
  { kernels = fastKernels, onCall }: CertifyOptions = {},
): Promise<CallCertificate[]> {
  const walk: (Walked | undefined)[] = new Array(model.calls.length);
  const certificates: CallCertificate[] = [];
  const lastUse = lastUses(model);
  const at = ({ call, output }: TensorRef): RealTensor | undefined => walk[call]?.outputs[output];

  for (const [index, call] of model.calls.entries()) {
    const given = trace.outputs[index]?.map(realFromTensor) ?? null;
    const layer = model.layers[call.layer]?.layer;
    let certificate: CallCertificate;
    let pairs: readonly Pair[] = [];
    if (layer === undefined) {
      const position = model.inputs.findIndex((input) => input.call === index);
      const fed = inputs[position];
      walk[index] = {
        outputs: given ?? (fed === undefined ? [] : [realFromTensor(fed)]),
        masks: [null],
        seen: true,
      };
      certificate = NOTHING_COMPUTED;
    } else {
      const refs = [...call.inputs, ...call.initial_state];
      const tensors = refs.map(at);
      const masks = call.inputs.map((ref, i) => {
        const own = call.masks?.[i] ?? null;
        return own === null ? (walk[ref.call]?.masks[ref.output] ?? null) : (at(own) ?? null);
      });
      const fedSeen = refs.every((ref) => walk[ref.call]?.seen === true);
      const toJudge: CallToJudge = {
        layer,
        weights: await weightsOf(call.layer),
        inputs: tensors.slice(0, call.inputs.length).filter((x) => x !== undefined),
        initialState: tensors.slice(call.inputs.length).filter((x) => x !== undefined),
        masks,
        given,
        cells: trace.cells[index] ?? [],
      };
      const complete = tensors.every((x) => x !== undefined);
      const judged = complete
        ? judgeCall(toJudge, arithmetic, kernels, { fedSeen, allFormulas: onCall !== undefined })
        : { certificate: notRun("not seen in the trace"), walked: NOTHING_WALKED, pairs: [] };
      walk[index] = judged.walked;
      certificate = judged.certificate;
      pairs = judged.pairs;
    }
    certificates.push(certificate);
    onCall?.(index, certificate, pairs);
    for (const ref of [...call.inputs, ...call.initial_state])
      if (lastUse[ref.call] === index) walk[ref.call] = undefined;
  }
  return certificates;
}

/** What later calls need of one. */
interface Walked {
  readonly outputs: readonly RealTensor[];
  readonly masks: readonly (RealTensor | null)[];
  /** Are the outputs the engine's own? */
  readonly seen: boolean;
}

const NOTHING_WALKED: Walked = { outputs: [], masks: [], seen: false };

interface Judged {
  readonly certificate: CallCertificate;
  readonly walked: Walked;
  readonly pairs: readonly Pair[];
}

const NOTHING_COMPUTED: CallCertificate = {
  status: "certified",
  error: 0,
  bound: 0,
  index: null,
  explains: null,
  detail: null,
  whole: false,
};

const notRun = (explains: string): CallCertificate => ({
  ...NOTHING_COMPUTED,
  status: "not-run",
  error: null,
  bound: null,
  explains,
});

function judgeCall(
  call: CallToJudge,
  arithmetic: Arithmetic,
  kernels: Kernels,
  { fedSeen, allFormulas }: { readonly fedSeen: boolean; readonly allFormulas: boolean },
): Judged {
  const { given, layer } = call;
  let first: Attempt;
  let judgement: Judgement;
  try {
    const ops = boundedOps(arithmetic, kernels);
    first = attempt(ops, call, exact, allFormulas ? layer.formulas : 1);
    judgement = judge(first.pairs);
    // What the first formula allows, all together allow: most calls need no other.
    if (!allFormulas && layer.formulas > 1 && (first.missing || judgement.verdict !== "within")) {
      first = attempt(ops, call);
      judgement = judge(first.pairs);
    }
  } catch (error) {
    if (!isVernierError(error)) throw error;
    return {
      certificate: notRun(error.message),
      walked: { outputs: given ?? [], masks: (given ?? []).map(() => null), seen: given !== null },
      pairs: [],
    };
  }
  const masks = first.masks.map((mask) => mask?.value ?? null);
  if (given === null) {
    // A framework may leave out what changes nothing; then its input is its output.
    const skipped = layer.identity && fedSeen;
    const outputs = first.outputs.map(({ value }) => value);
    return {
      certificate: skipped ? NOTHING_COMPUTED : notRun("not seen in the trace"),
      walked: { outputs, masks, seen: skipped },
      pairs: [],
    };
  }
  const walked = { outputs: given, masks, seen: true };
  if (!fedSeen) return { certificate: notRun("not seen in the trace: a layer before it"), walked, pairs: [] };
  const { pairs } = first;
  const whole = layer.states > 0 && call.cells.length === 0;
  if (!first.missing && judgement.verdict !== "beyond") {
    const status = judgement.verdict === "within" ? "certified" : "not-run";
    const explains = status === "not-run" ? unclaimedBecause(whole) : null;
    return {
      certificate: { ...placed(judgement, first), status, explains, detail: null, whole },
      walked,
      pairs,
    };
  }
  const coarser = first.missing ? null : coarserExplanation(call, arithmetic, kernels);
  const certificate: CallCertificate = {
    ...placed(judgement, first),
    status: coarser === null ? "refuted" : "coarser",
    explains: coarser,
    detail: coarser === null ? detailOf(call, first, judgement, arithmetic, kernels) : null,
    whole,
  };
  return { certificate, walked, pairs };
}

const unclaimedBecause = (whole: boolean): string =>
  whole
    ? "may overflow: the cell's steps were not recorded, and a whole sequence has no bound"
    : "may overflow";

/** Error, bound and place; a step's place is [sample, step, unit]. */
function placed(
  { verdict, error, bound, index, pair }: Judgement,
  { pairs, missing }: Attempt,
): Pick<Certificate, "error" | "bound" | "index"> {
  if (missing && verdict !== "beyond") return { error: null, bound: null, index: null };
  const step = pairs[pair]?.step ?? null;
  if (index === null || step === null) return { error, bound, index };
  return { error, bound, index: [...index.slice(0, 1), step, ...index.slice(1)] };
}

function detailOf(
  call: CallToJudge,
  first: Attempt,
  { error }: Judgement,
  arithmetic: Arithmetic,
  kernels: Kernels,
): CallCertificate["detail"] {
  if (call.masks.some((mask) => mask !== null)) {
    // A loop that went on with other states than the mask leaves, while every step before was right.
    if (first.missing && judge(first.pairs.slice(0, first.steps)).verdict === "within") return "mask";
    const without = attempt(boundedOps(arithmetic, kernels), { ...call, masks: call.masks.map(() => null) });
    if (!without.missing && judge(without.pairs).verdict === "within") return "mask";
  }
  return error === null && !first.missing ? "shape" : null;
}

/**
 * The coarser arithmetic that explains a call beyond its float32 bound, or `null`.
 *
 * A coarser bound alone excuses too much: a wrong kernel with a small error would pass. So float16 and bfloat16 need
 * every output on their grid, where a float32 result lies with a probability of 2⁻¹³ per element and less; and TF32
 * needs the float32 bound to hold around the formula with its operands rounded to TF32.
 */
function coarserExplanation(call: CallToJudge, stated: Arithmetic, kernels: Kernels): string | null {
  if (stated.name !== "float32" || call.given === null) return null;
  for (const format of COARSER_FORMATS) {
    if (!showsGrid(call.given, (x) => roundTo(format, x))) continue;
    const ops = boundedOps(storedIn(format, stated), kernels);
    const tried = attempt(ops, call, (x) => ops.constant(x));
    if (!tried.missing && judge(tried.pairs).verdict === "within") return format.name;
  }
  for (const round of tf32Operands()) {
    const tried = attempt(withOperands(boundedOps(stated, kernels), round), call);
    if (!tried.missing && judge(tried.pairs).verdict === "within") return "TF32";
  }
  return null;
}

/** Fewer numbers than these could be on a grid by chance. */
const TELLING_NUMBERS = 4;
/** Zeros, ones and small integers are on every grid and tell nothing: those of at most 6 significant bits. */
const TRIVIAL_SCALE = 2 ** 47 + 1;

function showsGrid(outputs: readonly RealTensor[], round: (x: number) => number): boolean {
  const telling = new Set<number>();
  for (const { data, dtype } of outputs) {
    if (!isFloating(dtype)) return false;
    for (const x of data) {
      if (!Number.isFinite(x)) continue;
      if (round(x) !== x) return false;
      const scaled = TRIVIAL_SCALE * x;
      if (scaled - (scaled - x) !== x) telling.add(x);
    }
  }
  return telling.size >= TELLING_NUMBERS;
}

/** Products take rounded operands; everything else stays. */
function withOperands(ops: Ops<Bounded>, round: (x: number) => number): Ops<Bounded> {
  const held = ({ value, radius }: Bounded): Bounded => ({
    ...exact({ ...value, data: isFloating(value.dtype) ? value.data.map(round) : value.data }),
    radius,
  });
  return {
    ...ops,
    matmul: (x, y) => ops.matmul(held(x), held(y)),
    conv: (x, kernel, options) => ops.conv(held(x), held(kernel), options),
  };
}
