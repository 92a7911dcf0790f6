/**
 * @file `fix` of the library: the files of the repaired model, in memory, and the check that it agrees with A on whatever
 * engine the caller has. Nothing is written anywhere.
 */

import type { Problem } from "../base/problem.ts";
import type { Report } from "../compare/findings.ts";
import type { Engine } from "../engines/engine.ts";
import { readBack } from "../explain/convert-model.ts";
import type { CheckedModel, CheckOptions, InputSpec } from "../explain/options.ts";
import type { OutputFile } from "../formats/output.ts";
import { fix, type Yours } from "./fix.ts";
import { proveFix } from "./prove-fix.ts";
import type { RepairMade } from "./repair.ts";

export interface FixModelOptions
  extends Pick<CheckOptions, "reporter">,
    Partial<Pick<CheckOptions, "engineOptions" | "accept">> {
  /** The model to trust. */
  readonly a: CheckedModel;
  /** The model to repair. */
  readonly b: CheckedModel;
  /**
   * What runs B as it is, asked for without files, and what was made of it, asked for with its files: an engine is made
   * from the files that it is to load.
   */
  readonly engine: "reference" | ((files: readonly OutputFile[] | null) => Engine | Promise<Engine>);
  /** @default eight made-up samples */
  readonly input?: InputSpec;
}

export interface FixedModel {
  /** Of the pair as it is. */
  readonly report: Report;
  readonly repairs: readonly RepairMade[];
  /** What only the user can repair. */
  readonly yours: readonly Yours[];
  /** In B's format, the model's own file last. None where nothing can be repaired, or the proof failed. */
  readonly files: readonly OutputFile[];
  /** A against the repaired model; `null` where nothing was repaired. */
  readonly after: Report | null;
  readonly problems: readonly Problem[];
}

/** Throws what `check` throws. */
export async function fixModel(options: FixModelOptions): Promise<FixedModel> {
  const { engine } = options;
  const runs = async (files: readonly OutputFile[] | null): Promise<"reference" | Engine> =>
    engine === "reference" ? engine : engine(files);
  const asked: CheckOptions = {
    engineOptions: {},
    accept: [],
    input: { source: "synthetic", samples: 8, seed: 0 },
    ...options,
    engineA: "reference",
    engineB: await runs(null),
    reproduce: "",
  };
  const found = await fix(asked);
  const { conversion, ...rest } = found;
  if (conversion === null) return { ...rest, files: [], after: null, problems: [] };
  await using written = await readBack(conversion);
  const engineB = await runs(conversion.files);
  const proof = await proveFix(found, written, { ...asked, engineB });
  return {
    ...rest,
    yours: [...found.yours, ...proof.yours],
    files: proof.holds ? conversion.files : [],
    after: proof.after,
    problems: [...conversion.problems, ...proof.problems],
  };
}
