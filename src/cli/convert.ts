/** @file `vernier convert SOURCE DEST`. */

import { VernierError } from "../base/errors.ts";
import { type Conversion, type ConvertOptions, convert, TARGETS, type Target } from "../convert/convert.ts";
import { ledgerOf } from "../convert/ledger.ts";
import { type OpenedModel, readModelPath } from "../dialects/read.node.ts";
import { openDestination } from "../formats/destination.node.ts";
import { type ConvertReport, convertReport, renderConvert } from "../report/convert.ts";
import { renderJson } from "../report/json.ts";
import { colours } from "./colours.ts";
import { engineOptions } from "./engine-options.ts";
import { progressLine } from "./progress.ts";
import { writeNewFile } from "./report-file.ts";
import { writeProved } from "./write-proved.ts";

export interface ConvertFlags {
  readonly to?: string;
  readonly quantize?: string;
  readonly shardSize?: number;
  readonly architecture?: string;
  readonly companion?: string;
  readonly ledger?: string;
  readonly overwrite?: boolean;
  readonly verify: boolean;
  readonly b?: readonly string[];
  readonly keras?: boolean;
  readonly python?: string;
  readonly tfjs?: string;
  readonly samples?: number;
  readonly seed?: number;
  readonly timeout?: number;
  readonly memory?: number;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  readonly color: boolean;
  readonly progress: boolean;
}

const QUANTIZATIONS = ["float16", "uint16", "uint8"] as const;

export async function runConvert(
  sourcePath: string,
  dest: string,
  flags: ConvertFlags,
  { signal }: { readonly signal: AbortSignal },
): Promise<number> {
  const target = targetOf(dest, flags.to);
  const options = conversionOptions(target, flags);
  const started = performance.now();
  const progress = progressLine(flags.progress && flags.quiet !== true);
  try {
    progress.stage("reading the model");
    await using source = await readModelPath(
      sourcePath,
      flags.architecture === undefined ? {} : { architecture: flags.architecture },
    );
    await using destination = await openDestination(dest, {
      kind: target === "tfjs" ? "folder" : "file",
      overwrite: flags.overwrite === true,
    });
    progress.stage("converting");
    const conversion = await convert(source.model, options);
    const { ledger } = flags;
    const { written, proofs, exitCode } = await writeProved({
      source,
      conversion,
      destination,
      target,
      engines: flags.verify ? enginesFor(target, flags) : null,
      engineOptions: engineOptions(flags, signal),
      input: { source: "synthetic", samples: flags.samples ?? 1, seed: flags.seed ?? 0 },
      quantized: flags.quantize !== undefined,
      signal,
      reporter: progress,
      async beforeCommit() {
        if (ledger === undefined) return;
        const text = renderJson(ledgerOf(source, { path: dest, format: target }, conversion.plan));
        await writeNewFile(ledger, text, flags.overwrite === true);
      },
    });
    progress.clear();
    const report = convertReport({ conversion, target, written, proofs, verified: flags.verify });
    say(report, { source, conversion, dest, flags, elapsedMs: performance.now() - started });
    return exitCode;
  } finally {
    progress.clear();
  }
}

export function targetOf(dest: string, to?: string): Target {
  if (to !== undefined) {
    const known = TARGETS.find((name) => name === to);
    if (known !== undefined) return known;
    throw new VernierError("usage.invalid", { reason: `--to ${to}: there are ${TARGETS.join(", ")}` });
  }
  if (/\.weights\.h5$/i.test(dest)) return "weights.h5";
  if (/\.(h5|hdf5)$/i.test(dest)) return "h5";
  if (/\.keras$/i.test(dest)) return "keras";
  return "tfjs";
}

function conversionOptions(to: Target, { quantize, shardSize, companion }: ConvertFlags): ConvertOptions {
  const quantization = QUANTIZATIONS.find((name) => name === quantize);
  const wrong =
    quantize !== undefined && quantization === undefined
      ? `--quantize ${quantize}: there are ${QUANTIZATIONS.join(", ")}`
      : quantization !== undefined && to !== "tfjs"
        ? "--quantize is for TensorFlow.js: Keras files hold full weights"
        : companion !== undefined && companion !== "auto" && companion !== "never"
          ? `--companion ${companion}: there are auto and never`
          : null;
  if (wrong !== null) throw new VernierError("usage.invalid", { reason: wrong });
  return {
    to,
    ...(quantization === undefined ? {} : { quantize: quantization }),
    ...(shardSize === undefined ? {} : { shardSizeBytes: shardSize }),
  };
}

function enginesFor(target: Target, { b, keras }: ConvertFlags): readonly string[] {
  if (target === "tfjs") return b ?? ["tfjs:wasm"];
  return keras === true ? ["reference", "keras"] : ["reference"];
}

function say(
  report: ConvertReport,
  what: {
    readonly source: OpenedModel;
    readonly conversion: Conversion;
    readonly dest: string;
    readonly flags: ConvertFlags;
    readonly elapsedMs: number;
  },
): void {
  const { source, conversion, flags, elapsedMs } = what;
  if (flags.json === true) process.stdout.write(renderJson(report));
  else if (flags.quiet !== true)
    process.stdout.write(
      renderConvert(report, {
        source: { path: source.path, model: source.model },
        conversion,
        elapsedMs,
        style: colours(flags.color, process.stdout),
      }),
    );
}
