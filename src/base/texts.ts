/**
 * @file Every sentence that an error can show, side by side, so that they sound alike.
 * Adding an error code starts here: its details, its words, its exit code.
 */

import type { ExitCode } from "./errors.ts";

/** What each error code carries. */
export interface ErrorDetails {
  "config.invalid": { expected: string; received: string };
  "layer.unsupported": { className: string; reason: string };
  "layer.input": { expected: string; received: string };
  "weights.missing": { weight: string; present: readonly string[] };
  "weights.shape": { weight: string; expected: readonly number[]; received: readonly number[] };
  "weights.dtype": { weight: string; expected: string; received: string };
  "tensor.axis": { axis: number; rank: number };
  "tensor.not-numeric": { dtype: string };
  "tensor.inexact": { dtype: string; value: string };
  "tensor.shape": { expected: string; received: string };
  "engine.unavailable": { engine: string; reason: string; remedy: string };
  "engine.timeout": { engine: string; seconds: number; stage: string };
  "engine.crashed": { engine: string; reason: string; stage: string };
  /** `why` and `hint`: what we know about this refusal beyond the runtime's own words. */
  "engine.refused": { engine: string; reason: string; why?: string; hint?: string };
  "protocol.malformed": { reason: string };
  "file.unreadable": { reason: string };
  "file.truncated": { expected: string; received: string };
  "file.malformed": { reason: string };
  "file.limit": { limit: string; value: string; allowed: string };
  "file.unsupported": { what: string; remedy: string };
  "graph.malformed": { reason: string };
  "weights.unwritable": { weight: string; reason: string };
  "dest.exists": { what: string };
  "dest.unwritable": { reason: string };
  "input.invalid": { reason: string };
  "usage.invalid": { reason: string };
  "convert.inexpressible": { className: string; key: string; value: string; target: string; hint?: string };
  /** Each layer as "path: why". */
  "convert.refused": { target: string; layers: readonly string[]; hint: string };
  "convert.unsupported": { className: string; target: string; reason: string; hint: string };
  "fix.unsupported": { reason: string; remedy: string };
  "page.missing": { what: string };
  internal: { reason: string };
}

export type ErrorCode = keyof ErrorDetails;

interface Text {
  message: string;
  hint: string;
}

/** "path: why" of several layers, each reason once: "a, b: why". */
function sameReasons(layers: readonly string[]): string[] {
  const paths = new Map<string, string[]>();
  for (const said of layers) {
    const at = said.indexOf(": ");
    const why = said.slice(at + 2);
    paths.set(why, [...(paths.get(why) ?? []), said.slice(0, at)]);
  }
  return [...paths].map(([why, same]) => `${same.join(", ")}: ${why}`);
}

const list = (numbers: readonly number[]): string => `[${numbers.join(", ")}]`;

const TEXT: { [Code in ErrorCode]: (details: ErrorDetails[Code]) => Text } = {
  "config.invalid": ({ expected, received }) => ({
    message: `expected ${expected}, found ${received}`,
    hint: "the file may come from a newer Keras, or from a custom layer",
  }),
  "layer.unsupported": ({ className, reason }) => ({
    message: `layer class "${className}" cannot be evaluated: ${reason}`,
    hint: "compare the models in parts around this layer, or watch the changelog for it",
  }),
  "layer.input": ({ expected, received }) => ({
    message: `the layer takes ${expected}, but gets ${received}`,
    hint: "the layers of this file do not fit together; it may have been edited by hand",
  }),
  "weights.missing": ({ weight, present }) => ({
    message: `weight "${weight}" is not in the file`,
    hint: `the file has ${present.length === 0 ? "no weights here" : present.join(", ")}`,
  }),
  "weights.shape": ({ weight, expected, received }) => ({
    message: `weight "${weight}" has shape ${list(received)}, the config implies ${list(expected)}`,
    hint: "the config and the weights may come from different checkpoints",
  }),
  "weights.dtype": ({ weight, expected, received }) => ({
    message: `weight "${weight}" is of ${received}, the config implies ${expected}`,
    hint: "the config and the weights may come from different checkpoints, one quantized and one not",
  }),
  "tensor.axis": ({ axis, rank }) => ({
    message: `axis ${axis} does not exist in a tensor of rank ${rank}`,
    hint: "the layer's axis was written for an input of another rank",
  }),
  "tensor.not-numeric": ({ dtype }) => ({
    message: `a tensor of dtype ${dtype} holds no numbers`,
    hint: "feed numbers: apply the text preprocessing before the model",
  }),
  "tensor.inexact": ({ dtype, value }) => ({
    message: `the ${dtype} value ${value} is beyond 2^53 and has no exact float64`,
    hint: "use smaller ids, or int32",
  }),
  "tensor.shape": ({ expected, received }) => ({
    message: `expected a tensor of shape ${expected}, found ${received}`,
    hint: "check the shapes of the inputs and of the layers before this one",
  }),
  "engine.unavailable": ({ engine, reason, remedy }) => ({
    message: `engine "${engine}" cannot start: ${reason}`,
    hint: remedy,
  }),
  "engine.timeout": ({ engine, seconds, stage }) => ({
    message: `engine "${engine}" did not answer within ${seconds} s (${stage})`,
    hint: "raise --timeout, or lower --samples; a loader that hangs points to a malformed model graph",
  }),
  "engine.crashed": ({ engine, reason, stage }) => ({
    message: `engine "${engine}" stopped (${stage}): ${reason}`,
    hint: "raise --memory if it ran out of memory; else try the other engines (vernier doctor lists them)",
  }),
  "engine.refused": ({ engine, reason, why, hint }) => ({
    message: `${engine} refuses the model: ${reason}${why === undefined ? "" : ` (${why})`}`,
    hint: hint ?? "the model is in words that this runtime does not know",
  }),
  "protocol.malformed": ({ reason }) => ({
    message: `the other side does not speak Vernier's protocol: ${reason}`,
    hint: "the program that was started may not be the one that was meant",
  }),
  "file.unreadable": ({ reason }) => ({
    message: `the file cannot be read: ${reason}`,
    hint: reason.startsWith("the folder holds several")
      ? "name one of them"
      : "check the path and its permissions",
  }),
  "file.truncated": ({ expected, received }) => ({
    message: `the file is too short: ${expected} expected, ${received} found`,
    hint: "it may be a partial download or upload, or a Git LFS pointer",
  }),
  "file.malformed": ({ reason }) => ({
    message: `the file is damaged or not what it claims to be: ${reason}`,
    hint: "save or download it again",
  }),
  "file.limit": ({ limit, value, allowed }) => ({
    message: `${limit} is ${value}, more than the ${allowed} that Vernier accepts`,
    hint: "a file with such sizes is most likely damaged or hostile",
  }),
  "file.unsupported": ({ what, remedy }) => ({
    message: `cannot use ${what}`,
    hint: remedy,
  }),
  "weights.unwritable": ({ weight, reason }) => ({
    message: `weight "${weight}" cannot be written for TF.js: ${reason}`,
    hint: "TF.js holds numbers as float32 or int32, and every weight under a name of its own",
  }),
  "dest.exists": ({ what }) => ({
    message: `${what}; nothing was written`,
    hint: "name another place, or replace what is there with --overwrite",
  }),
  "dest.unwritable": ({ reason }) => ({
    message: `the result cannot be written: ${reason}`,
    hint: "name a place where there is room and permission to write",
  }),
  "graph.malformed": ({ reason }) => ({
    message: `the model's connections make no sense: ${reason}`,
    hint: "the file was most likely edited by hand or damaged; save the model again",
  }),
  "input.invalid": ({ reason }) => ({
    message: `the input does not fit the model: ${reason}`,
    hint: "vernier inspect MODEL shows the names, shapes and dtypes that it takes",
  }),
  "usage.invalid": ({ reason }) => ({
    message: reason,
    hint: "vernier --help lists the commands and their options",
  }),
  "convert.inexpressible": ({ className, key, value, target, hint }) => ({
    message: `${className} with ${key} = ${value} cannot be said in ${target}`,
    hint: hint ?? "choose a value that both know, or keep this layer out of the converted model",
  }),
  "convert.refused": ({ target, layers, hint }) => ({
    message: `${target} cannot have ${layers.length === 1 ? "one layer" : `${layers.length} layers`} of this model: ${sameReasons(layers).join("; ")}`,
    hint,
  }),
  "convert.unsupported": ({ className, target, reason, hint }) => ({
    message: `${className} is not for ${target}: ${reason}`,
    hint,
  }),
  "fix.unsupported": ({ reason, remedy }) => ({
    message: `this file cannot be repaired: ${reason}`,
    hint: remedy,
  }),
  "page.missing": ({ what }) => ({
    message: `there is no page here: ${what}`,
    hint: "call it in the browser, next to model.predict; in Node, save JSON.stringify(await x.array())",
  }),
  internal: ({ reason }) => ({
    message: `a bug in Vernier: ${reason}`,
    hint: "please report it with the command line and, if you can, the files",
  }),
};

export function textOf<Code extends ErrorCode>(code: Code, details: ErrorDetails[Code]): Text {
  return TEXT[code](details);
}

export function exitCodeOf(code: ErrorCode): ExitCode {
  switch (code) {
    case "engine.unavailable":
    case "engine.timeout":
    case "engine.crashed":
    case "protocol.malformed":
      return 3;
    case "internal":
      return 70;
    default:
      return 2;
  }
}
