/** @file The command line's words: which commands there are, what they take, and what their errors look like. */

import { Command, CommanderError, InvalidArgumentError } from "commander";
import { isVernierError, VernierError } from "../base/errors.ts";
import { VERSION } from "../base/version.ts";
import { renderErrorJson } from "../report/json.ts";
import type { CheckFlags } from "./check.ts";
import type { ConvertFlags } from "./convert.ts";
import type { FixFlags } from "./fix.ts";
import type { InputsFlags } from "./inputs.ts";

/** What every command gets: it ends when the user presses Ctrl-C. */
export interface Invocation {
  readonly signal: AbortSignal;
  readonly words: readonly string[];
}

/** Conventional: 128 + SIGINT. */
const INTERRUPTED = 130;
/** Engines are given this long to end their processes after Ctrl-C. */
const GRACE_MS = 1_000;

export async function runProgram(words: readonly string[]): Promise<number> {
  const stop = new AbortController();
  const interrupt = (): void => {
    stop.abort(new Error("interrupted"));
    setTimeout(() => process.exit(INTERRUPTED), GRACE_MS).unref();
  };
  process.once("SIGINT", interrupt);
  process.once("SIGTERM", interrupt);
  const result = { exitCode: 0 };
  try {
    const done = (exitCode: number): void => {
      result.exitCode = exitCode;
    };
    await buildProgram({ signal: stop.signal, words }, done).parseAsync([...words], { from: "user" });
    return result.exitCode;
  } catch (error) {
    return stop.signal.aborted ? INTERRUPTED : reportError(error, words);
  } finally {
    process.removeListener("SIGINT", interrupt);
    process.removeListener("SIGTERM", interrupt);
  }
}

function buildProgram(invocation: Invocation, done: (exitCode: number) => void): Command {
  const program = new Command("vernier")
    .description(
      "Why does a Keras model predict different numbers than its TensorFlow.js twin? Finds where they part, why, how much each cause contributes, and which side is wrong.",
    )
    .version(VERSION, "-V, --version", "print the version")
    .helpOption("-h, --help", "show this help")
    .helpCommand(false)
    .usage("<command> [options]")
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .addHelpText("after", AFTER_HELP);
  addCheck(program, invocation, done);
  addConvert(program, invocation, done);
  addFix(program, invocation, done);
  program
    .command("inputs")
    .argument("<A>", "the input to trust: .npy, .npz, .json, an image (PNG, JPEG) or literal JSON")
    .argument("<B>", "the input under test, such as what a page feeds")
    .description("which preprocessing turns one input into the other? says it in Python and in JavaScript")
    .option("--json", "print the result as JSON and nothing else")
    .option("--quiet", "print nothing; the exit code says it")
    .option("--verbose", "show where an error came from")
    .option("--no-color", "no colours")
    .action(async (a: string, b: string, flags: InputsFlags) => {
      const { runInputs } = await import("./inputs.ts");
      done(await runInputs(a, b, flags));
    });
  program
    .command("inspect")
    .argument("<MODEL>", MODEL_HELP)
    .description("what is in a model file: writer, layers, weights, problems")
    .option("--architecture <FILE>", ARCHITECTURE_HELP)
    .option("--json", "print the result as JSON and nothing else")
    .option("--verbose", "show where an error came from")
    .option("--no-color", "no colours")
    .action(async (model: string, flags: { json?: boolean; color: boolean; architecture?: string }) => {
      const { runInspect } = await import("./inspect.ts");
      done(await runInspect(model, flags));
    });
  program
    .command("doctor")
    .description("which engines this machine has, and how to get the others")
    .option("--json", "print the result as JSON and nothing else")
    .option("--python <PATH>", "the Python that has Keras")
    .option("--tfjs <DIR>", "folder whose node_modules holds TensorFlow.js")
    .option("--verbose", "show where an error came from")
    .option("--no-color", "no colours")
    .action(async (flags: { json?: boolean; color: boolean; python?: string; tfjs?: string }) => {
      const { runDoctor } = await import("./doctor.ts");
      done(await runDoctor(flags, invocation.signal));
    });
  for (const command of program.commands)
    command
      .exitOverride()
      .configureOutput({ writeErr: () => {} })
      .helpOption("-h, --help", "show this help");
  return program;
}

const MODEL_HELP = "a .keras or .h5 file, a model.json, or a folder that holds one";
const ARCHITECTURE_HELP = "for a file of weights alone: its model (JSON, .keras, .h5, model.json)";

const AFTER_HELP = `
Examples:
  vernier check model.h5 web/model.json            compare on made-up inputs
  vernier check model.h5 web/ --input x.npy        compare on your own input
  vernier check model.h5 web/ --keras              run real Keras too
  vernier fix model.h5 web/ fixed/                 repair web/, write it to fixed/

Exit codes: 0 agree, 1 differ, 2 bad file or usage, 3 this machine lacks something.`;

function addCheck(program: Command, invocation: Invocation, done: (exitCode: number) => void): void {
  const command = program
    .command("check")
    .argument(
      "<A>",
      "the model to trust, usually Keras: a .keras or .h5 file, a model.json, or a folder with one",
    )
    .argument("[B]", "the model under test, usually TensorFlow.js; left out: A's own conversion to it")
    .description("do two models predict the same? if not: where, why, how much, whose fault");
  addFed(command)
    .option("--a <ENGINE>", "what runs A: reference (default), keras, tfjs:cpu, tfjs:wasm")
    .option(
      "--b <ENGINE>",
      "what runs B: tfjs:wasm (default), tfjs:cpu; in a browser tfjs:webgl, tfjs:webgpu, tfjs:wasm@browser (repeatable)",
      collect,
    )
    .option("--keras", "run A in real Keras, in your Python (same as --a keras)")
    .option("--python <PATH>", "the Python that has Keras")
    .option("--tfjs <DIR>", "folder whose node_modules holds the TensorFlow.js to run")
    .option("--seen-a <FILE>", "predictions that you saw on side A: does the model give them for this input?")
    .option("--seen-b <FILE>", "predictions that your app showed on side B")
    .option("--labels <FILE>", "the right classes: adds the accuracy of both sides")
    .option("--predictions <FILE>", "write every prediction of both sides (.npz or .json)")
    .option("--trust", "let Keras execute code that the file carries (Lambda layers)")
    .option(
      "--accept <KIND[:LAYER]>",
      "this difference is meant: it does not fail the check (repeatable)",
      collect,
    )
    .option("--json", "print the report as JSON and nothing else")
    .option("--report <FILE.json>", "write the report to a file (repeatable)", collect)
    .option("--ledger <FILE>", "write what became of every config key and weight of A in B");
  addRunning(command, "add every layer's error, timings and hardware").action(
    async (a: string, b: string | undefined, flags: CheckFlags) => {
      const { runCheck } = await import("./check.ts");
      done(await runCheck(a, b, flags, invocation));
    },
  );
}

function addConvert(program: Command, invocation: Invocation, done: (exitCode: number) => void): void {
  const command = program
    .command("convert")
    .argument("<SOURCE>", "a Keras or TensorFlow.js model: .keras, .h5, a model.json, or a folder with one")
    .argument("<DEST>", "a folder for TensorFlow.js, or a name that ends in .keras, .h5 or .weights.h5")
    .description("convert a model to the other side, prove the result equal, then write it")
    .option("--to <FORMAT>", "tfjs, keras, h5 or weights.h5 (default: from DEST's name)")
    .option("--quantize <TYPE>", "store weights as float16, uint16 or uint8; the report says what that costs")
    .option("--shard-size <BYTES>", "size of TensorFlow.js weight files (default 4194304)", count(1))
    .option("--architecture <FILE>", ARCHITECTURE_HELP)
    .option("--companion <USE>", "auto or never: layers from vernier/tfjs (there are none yet)")
    .option("--ledger <FILE>", "write what became of every config key and weight")
    .option("--overwrite", "replace what DEST holds")
    .option("--no-verify", "write without the proof, and say so")
    .option("--b <ENGINE>", "what proves it: tfjs:wasm (default), tfjs:cpu (repeatable)", collect)
    .option("--keras", "for a Keras target: prove it in real Keras too")
    .option("--python <PATH>", "the Python that has Keras")
    .option("--tfjs <DIR>", "folder whose node_modules holds the TensorFlow.js to run")
    .option("--samples <N>", "how many made-up inputs for the proof (default 1)", count(1))
    .option("--seed <N>", "which made-up inputs (default 0)", count(0))
    .option("--json", "print the result as JSON and nothing else");
  addRunning(command).action(async (source: string, dest: string, flags: ConvertFlags) => {
    const { runConvert } = await import("./convert.ts");
    done(await runConvert(source, dest, flags, invocation));
  });
}

function addFix(program: Command, invocation: Invocation, done: (exitCode: number) => void): void {
  const command = program
    .command("fix")
    .argument("<A>", "the model to trust, usually Keras")
    .argument("<B>", "the model to repair, usually TensorFlow.js; it stays as it is")
    .argument("<DEST>", "where the repaired model goes, in B's own format: a folder, or a .keras or .h5 name")
    .description("repair B so that it predicts what A predicts, prove it, then write it");
  addFed(command)
    .option("--b <ENGINE>", "what runs B and its repair: tfjs:wasm (default), tfjs:cpu")
    .option("--tfjs <DIR>", "folder whose node_modules holds the TensorFlow.js to run")
    .option("--accept <KIND[:LAYER]>", "this difference is meant: leave it as it is (repeatable)", collect)
    .option("--overwrite", "replace what DEST holds")
    .option("--json", "print the report as JSON and nothing else");
  addRunning(command).action(async (a: string, b: string, dest: string, flags: FixFlags) => {
    const { runFix } = await import("./fix.ts");
    done(await runFix(a, b, dest, flags, invocation));
  });
}

/** What the models are fed with. */
const addFed = (command: Command): Command =>
  command
    .option(
      "--input <FILE>",
      "feed this: .npy, .npz, .json, PNG, JPEG, a folder of them, or JSON (repeatable)",
      collect,
    )
    .option("--input-b <FILE>", "feed B something else than A (repeatable)", collect)
    .option("--architecture <FILE>", ARCHITECTURE_HELP)
    .option("--samples <N>", "how many made-up inputs when none are given (default 8)", count(1))
    .option("--seed <N>", "which made-up inputs (default 0)", count(0));

/** Engines that are run, and what is printed of them. */
const addRunning = (command: Command, verbose = "show where an error came from"): Command =>
  command
    .option("--timeout <SECONDS>", "give up on one engine after this long (default 120)", count(1))
    .option("--memory <MIB>", "stop an engine that takes more memory", count(1))
    .option("--verbose", verbose)
    .option("--quiet", "print nothing; the exit code says it")
    .option("--no-color", "no colours")
    .option("--no-progress", "no progress line");

const collect = (value: string, before: readonly string[] = []): string[] => [...before, value];

const count =
  (least: number) =>
  (text: string): number => {
    const value = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${least} on.`);
  };

/** Says what went wrong, and returns the exit code. */
function reportError(error: unknown, words: readonly string[]): number {
  if (error instanceof CommanderError && error.exitCode === 0) return 0;
  const shown = typedFrom(error);
  if (words.includes("--json")) process.stdout.write(renderErrorJson(shown));
  const lines = [
    `error: ${shown.message}`,
    ...(shown.where === "" ? [] : [`  at: ${shown.where}`]),
    `  hint: ${shown.hint}`,
    ...(words.includes("--verbose") && error instanceof Error
      ? [String(error.stack), ...causesOf(error)]
      : []),
  ];
  process.stderr.write(`${lines.join("\n")}\n`);
  return shown.exitCode;
}

function typedFrom(error: unknown): VernierError {
  if (isVernierError(error)) return error;
  if (error instanceof CommanderError) {
    const said = error.message.replace(/^error: /, "").replace(/\n/g, " ");
    const reason = error.code === "commander.help" ? "no command was given" : said;
    return new VernierError("usage.invalid", { reason });
  }
  const reason = error instanceof Error ? error.message : String(error);
  return new VernierError("internal", { reason }, { cause: error });
}

function causesOf(error: Error): string[] {
  const { cause } = error;
  return cause instanceof Error ? [`caused by: ${cause.stack ?? cause.message}`, ...causesOf(cause)] : [];
}
