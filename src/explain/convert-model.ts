/**
 * @file `convert` of the library: the files of the same model in another format, in memory, and the proof that they
 * predict the same, on whatever engine the caller has. Nothing is written anywhere.
 */

import type { Problem } from "../base/problem.ts";
import type { Report } from "../compare/findings.ts";
import { type Conversion, type ConvertOptions, convert } from "../convert/convert.ts";
import { type Ledger, ledgerOf } from "../convert/ledger.ts";
import { modelJson } from "../convert/topology-json.ts";
import type { OpenedModel } from "../dialects/read-files.ts";
import { readModel } from "../dialects/read-model.ts";
import type { Engine, EngineOptions } from "../engines/engine.ts";
import { blobOf, blobSource } from "../formats/blob.ts";
import type { OutputFile } from "../formats/output.ts";
import { conversionProblems } from "./conversion-problems.ts";
import type { CheckedModel, InputSpec, Reporter } from "./options.ts";
import { type Proof, prove } from "./proof.ts";

export interface ConvertModelOptions extends ConvertOptions {
  /**
   * What proves it: the files are read back, and `check` must find that they predict the same there. An engine is made
   * from the files that it is to load. Without one nothing is proved, and a problem says so.
   */
  readonly engine?: "reference" | ((files: readonly OutputFile[]) => Engine | Promise<Engine>);
  readonly engineOptions?: EngineOptions;
  /** @default one made-up sample */
  readonly input?: InputSpec;
  readonly reporter?: Reporter;
}

export interface ConvertedModel {
  /** The model's own file last. None where the proof failed. */
  readonly files: readonly OutputFile[];
  /** What became of every config key and every weight of the source. */
  readonly ledger: Ledger;
  /** `null` without an engine. */
  readonly proof: Report | null;
  readonly problems: readonly Problem[];
}

/** Throws `convert.refused`, which names every layer that the target cannot say, `weights.*`, and what the engine throws. */
export async function convertModel(
  source: CheckedModel,
  options: ConvertModelOptions,
): Promise<ConvertedModel> {
  const { engine } = options;
  const conversion = await convert(source.model, options);
  const path = conversion.files.at(-1)?.name ?? "model";
  const proof = engine === undefined ? null : await proved(source, conversion, { ...options, engine });
  return {
    files: proof === null || proof.holds ? conversion.files : [],
    ledger: ledgerOf(source, { path, format: options.to }, conversion.plan),
    proof: proof?.report ?? null,
    problems: conversionProblems(conversion, proof === null ? null : [proof], {
      where: path,
      message: "not verified: no engine was given that runs what was written",
    }),
  };
}

async function proved(
  source: CheckedModel,
  conversion: Conversion,
  options: ConvertModelOptions & Required<Pick<ConvertModelOptions, "engine">>,
): Promise<Proof> {
  const { engine, engineOptions = {}, input = ONE_SAMPLE, quantize, reporter } = options;
  await using written = await readBack(conversion);
  // Awaited here: what was read back is closed on return.
  return await prove({
    source,
    written,
    conversion,
    engine: engine === "reference" ? engine : await engine(conversion.files),
    engineOptions,
    input,
    quantized: (quantize ?? null) !== null,
    ...(reporter === undefined ? {} : { reporter }),
  });
}

const ONE_SAMPLE: InputSpec = { source: "synthetic", samples: 1, seed: 0 };

export async function readBack({ files, plan }: Conversion): Promise<OpenedModel> {
  const open = async (file: OutputFile | undefined) =>
    file === undefined ? null : blobSource(await blobOf(file), file.name);
  const main = await open(files.at(-1));
  // Only a file of weights alone asks for it.
  const architecture = JSON.stringify(modelJson(plan.topology, plan.topology.name ?? "model", plan.to));
  return readModel(main ?? new Uint8Array(), {
    openBeside: (path) => open(files.find(({ name }) => name === path)),
    architecture: new TextEncoder().encode(architecture),
  });
}
