/**
 * @file The last steps of `convert`: the files are staged, what was staged is read back and proved, and only then put
 * into place. Whatever a writer did wrong ends here, with nothing changed.
 */

import { isVernierError } from "../base/errors.ts";
import type { Problem } from "../base/problem.ts";
import type { Conversion, Target } from "../convert/convert.ts";
import { type OpenedModel, readModelPath } from "../dialects/read.node.ts";
import type { ProofOptions } from "../explain/proof.ts";
import type { Destination, Staged } from "../formats/destination.node.ts";
import type { ProvedBy } from "../report/convert.ts";
import { MACHINE, worst } from "./exit-code.ts";

export interface ProvedWriting {
  /** Empty where a proof failed. */
  readonly written: readonly string[];
  readonly proofs: readonly ProvedBy[];
  readonly exitCode: number;
}

export interface WriteOptions {
  readonly source: OpenedModel;
  readonly conversion: Conversion;
  readonly destination: Destination;
  readonly target: Target;
  /** What runs the result, by the names of `--b`; `null` writes without a proof. */
  readonly engines: readonly string[] | null;
  readonly engineOptions: ProofOptions["engineOptions"];
  readonly input: ProofOptions["input"];
  readonly quantized: boolean;
  readonly signal: AbortSignal;
  readonly reporter?: NonNullable<ProofOptions["reporter"]>;
  /** After the proof, before anything is put into place. */
  readonly beforeCommit?: () => Promise<void>;
}

export async function writeProved(options: WriteOptions): Promise<ProvedWriting> {
  const { conversion, destination, engines, signal } = options;
  const staged = await destination.stage(conversion.files);
  signal.throwIfAborted();
  const proofs = engines === null ? [] : await proveStaged(staged, engines, options);
  signal.throwIfAborted();
  const exitCode = proofs.every(({ holds }) => holds) ? 0 : exitCodeOf(proofs);
  if (exitCode !== 0) return { written: [], proofs, exitCode };
  await options.beforeCommit?.();
  return { written: await staged.commit(), proofs, exitCode };
}

async function proveStaged(
  staged: Staged,
  engines: readonly string[],
  options: WriteOptions,
): Promise<ProvedBy[]> {
  const { source, conversion, target, engineOptions, input, quantized, signal, reporter } = options;
  // A third of the code is for the proof alone.
  const [{ prove }, { engineNamed }] = await Promise.all([
    import("../explain/proof.ts"),
    import("./engine-names.ts"),
  ]);
  try {
    const architecture = target === "weights.h5" ? { architecture: source.path } : {};
    await using written = await readModelPath(staged.path, architecture);
    const proofs: ProvedBy[] = [];
    for (const name of engines) {
      signal.throwIfAborted();
      proofs.push(
        await prove({
          source,
          written,
          conversion,
          engine: await engineNamed(name),
          engineOptions,
          input,
          quantized,
          ...(reporter === undefined ? {} : { reporter }),
        }),
      );
    }
    return proofs;
  } catch (error) {
    // The source was read when it was staged: what cannot be read now is what was written.
    if (!isVernierError(error) || /^(engine|protocol|usage|internal)/.test(error.code)) throw error;
    return [{ holds: false, report: null, problems: [unreadable(error.problem, staged.path)] }];
  }
}

const unreadable = ({ where, message }: Problem, path: string): Problem => ({
  code: "convert.unreadable",
  where: where === "" ? path : where,
  message: `what was written cannot be read back: ${message}`,
  hint: "this is a bug of Vernier; please report it with the model",
  severity: "error",
});

/** A runtime that refuses what was written proves nothing; a machine that lacks it is another matter. */
function exitCodeOf(proofs: readonly ProvedBy[]): number {
  return worst(
    proofs.flatMap(({ holds, report }) => {
      if (holds) return [];
      const codes = report?.problems.map(({ code }) => code) ?? [];
      return [codes.some((code) => MACHINE.includes(code)) ? 3 : 1];
    }),
  );
}
