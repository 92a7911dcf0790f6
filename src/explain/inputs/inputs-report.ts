/** @file `vernier.inputs/1`: which preprocessing turns input B into input A, as data. */

import { VernierError } from "../../base/errors.ts";
import type { Problem } from "../../base/problem.ts";
import { indexOf, type Tensor } from "../../tensor/tensor.ts";
import { judge } from "./judge.ts";
import { type Fed, numbersOf } from "./numbers.ts";
import { type Candidate, isAccepted, type SearchResult, sameShape, search } from "./search.ts";
import { chained, type Step, type StepId } from "./step.ts";

export interface InputsReport {
  readonly schema: "vernier.inputs/1";
  readonly equal: boolean;
  readonly found: boolean;
  /**
   * "b-to-a": the steps turn B into A. "a-to-b": only the other way was found (B holds less than A, such as fewer
   * pixels): the steps make B of A. `null`: there are no steps.
   */
  readonly direction: "b-to-a" | "a-to-b" | null;
  readonly steps: readonly {
    readonly id: StepId;
    readonly params: Readonly<Record<string, unknown>>;
    readonly js: string;
    readonly python: string;
  }[];
  /** Of the target (A; B where `direction` is "a-to-b"), in its units. `mean` of the absolute values. */
  readonly left: { readonly maxAbs: number; readonly mean: number; readonly where: readonly number[] } | null;
  readonly alternatives: readonly {
    readonly steps: readonly { readonly id: StepId; readonly params: Readonly<Record<string, unknown>> }[];
    readonly left: number;
  }[];
  readonly problems: readonly Problem[];
}

/** What a screen says beyond the report. */
export interface InputsFound {
  readonly report: InputsReport;
  /** All steps as one expression of `x`. */
  readonly js: string;
  readonly python: string;
  /** What makes B of A again, in Python; `null` where nothing does. */
  readonly undo: string | null;
  readonly steps: readonly Step[];
}

export interface CompareInputsOptions {
  /** Is the dtype of each side what it was fed as? JSON says none. */
  readonly statedA?: boolean;
  readonly statedB?: boolean;
}

/** Throws `tensor.not-numeric` for text, `tensor.inexact` for integers beyond 2⁵³, `usage.invalid` for empty tensors. */
export function explainInputs(
  a: Tensor,
  b: Tensor,
  { statedA = true, statedB = true }: CompareInputsOptions = {},
): InputsFound {
  const [fedA, fedB] = [numbersOf(a), numbersOf(b)];
  if (fedA.data.length === 0 || fedB.data.length === 0)
    throw new VernierError("usage.invalid", { reason: "an input without elements cannot be compared" });
  const notes = notesOn(fedA, fedB);
  const same = sameShape(a.shape, b.shape) ? plainDifference(fedA, fedB) : null;
  const otherDtype = statedA && statedB && a.dtype !== b.dtype;
  if (same?.level === "exact" && !(otherDtype && isCoarser(fedA, fedB)))
    return found({
      equal: true,
      steps: [],
      direction: null,
      target: fedA,
      left: same,
      others: [],
      problems: [...notes, ...dtypeNote(fedA, fedB, otherDtype)],
    });
  const shrinks = fedA.data.length > A_PHOTOGRAPH && fedA.data.length > 4 * fedB.data.length;
  // A photograph against what a page feeds: nobody enlarges a page's input to a photograph.
  const first = shrinks ? search(fedB, fedA) : null;
  const forwards = first?.best == null ? search(fedA, fedB) : NOTHING;
  // Where only noise is said to be left, the other way may explain every element: B holds less than A.
  const mayBeLess = forwards.best?.judgement.level === "noise" && fedA.data.length >= fedB.data.length;
  const backwards = first ?? (forwards.best === null || mayBeLess ? search(fedB, fedA) : null);
  const isBetter =
    backwards?.best != null && (forwards.best === null || backwards.best.judgement.level !== "noise");
  if (backwards?.best != null && isBetter)
    return found({
      equal: false,
      steps: backwards.best.steps,
      direction: "a-to-b",
      target: fedB,
      left: backwards.best.judgement,
      others: backwards.others,
      problems: [...notes, OTHER_WAY],
    });
  const { best, others } = forwards;
  return found({
    equal: false,
    steps: best?.steps ?? [],
    direction: best === null ? null : "b-to-a",
    target: fedA,
    left: best?.judgement ?? same,
    others,
    problems: notes,
  });
}

/** Elements; what models take is smaller. */
const A_PHOTOGRAPH = 500_000;
const NOTHING: SearchResult = { best: null, others: [] };

type Left = Candidate["judgement"];

function plainDifference(a: Fed, b: Fed): Left {
  return judge(
    { ...a, dtype: "float32" },
    b,
    { x: b.data, y: a.data, channel: null, channels: 1 },
    { arrangements: [], values: [], whole: true },
  );
}

/** The same numbers, but A's type cannot hold all that B's can: the values were cast on the way. */
const isCoarser = (a: Fed, b: Fed): boolean => a.isWhole !== b.isWhole;

function found({
  equal,
  steps,
  direction,
  target,
  left,
  others,
  problems,
}: {
  readonly equal: boolean;
  readonly steps: readonly Step[];
  readonly direction: InputsReport["direction"];
  readonly target: Fed;
  readonly left: Left | null;
  readonly others: readonly Candidate[];
  readonly problems: readonly Problem[];
}): InputsFound {
  const undoable = steps.every(({ undo }) => undo !== null);
  return {
    report: {
      schema: "vernier.inputs/1",
      equal,
      found: steps.length > 0,
      direction,
      steps: steps.map(({ id, params, js, python }) => ({
        id,
        params,
        js: `x = ${js("x")}`,
        python: `x = ${python("x")}`,
      })),
      left:
        left === null
          ? null
          : { maxAbs: left.maxAbs, mean: left.mean, where: indexOf(target.shape, left.at) },
      alternatives: equal ? [] : alternativesOf(others),
      problems,
    },
    js: chained(steps, ({ js }) => js),
    python: chained(steps, ({ python }) => python),
    undo: undoable ? chained(steps.toReversed(), ({ undo }) => undo ?? ((x) => x)) : null,
    steps,
  };
}

const MOST_ALTERNATIVES = 3;

/** Other kinds of explanations, not the same steps with slightly other numbers. */
function alternativesOf(others: readonly Candidate[]): InputsReport["alternatives"] {
  const named = others.filter(({ steps }) => steps.length > 0);
  const kinds = (candidate: Candidate): string => candidate.steps.map(({ id }) => id).join();
  return named
    .filter((candidate, i) => named.findIndex((other) => kinds(other) === kinds(candidate)) === i)
    .sort((p, q) => Number(isAccepted(q)) - Number(isAccepted(p)))
    .slice(0, MOST_ALTERNATIVES)
    .map(({ steps, judgement }) => ({
      steps: steps.map(({ id, params }) => ({ id, params })),
      left: judgement.maxAbs,
    }));
}

const note = (code: string, message: string, hint: string): Problem => ({
  code,
  where: "",
  message,
  hint,
  severity: "note",
});

const OTHER_WAY = note(
  "inputs.other-way",
  "the steps make B of A: B holds less than A, so that nothing turns it back",
  "use these steps on A's side, or change B's",
);

function dtypeNote({ dtype: a }: Fed, { dtype: b }: Fed, differs: boolean): Problem[] {
  return differs
    ? [
        note(
          "inputs.dtype",
          `the same numbers as ${a} on one side and ${b} on the other`,
          `make both ${a} before predict`,
        ),
      ]
    : [];
}

function notesOn(a: Fed, b: Fed): Problem[] {
  const batch =
    a.shape.join() !== b.shape.join() && sameShape(a.shape, b.shape)
      ? [
          note(
            "inputs.batch",
            `A is [${a.shape.join(", ")}], B [${b.shape.join(", ")}]: one lacks the batch axis`,
            "x.expandDims(0) in JavaScript, x[None] in Python adds it",
          ),
        ]
      : [];
  const bad = [a, b].flatMap(({ hasNonFinite }, i) =>
    hasNonFinite
      ? [
          note(
            "inputs.not-finite",
            `${i === 0 ? "A" : "B"} holds NaN or infinity`,
            "find where it comes from first: a division by zero or a missing value",
          ),
        ]
      : [],
  );
  return [...batch, ...bad];
}
