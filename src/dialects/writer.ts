/** @file Who wrote a file, and in whose words: from its version attributes. */

import { VernierError } from "../base/errors.ts";
import { isObject, type JsonObject } from "../base/json.ts";
import { type Dialect, KERAS2_MASKS, KERAS3_MASKS, type MaskRules, TFJS_MASKS } from "../model/layer.ts";

export interface Writer {
  /** In whose words the file was written. */
  readonly dialect: Dialect;
  /** For people: "Keras 2.4.0". */
  readonly sentence: string | null;
  readonly maskRules: MaskRules;
}

/** `version` as in `keras_version`: "2.2.4-tf", "3.15.1", "tfjs-layers 4.22.0", null where a file has none. */
export function writerFromVersion(version: string | null, where: string): Writer {
  if (version === null) return { dialect: "keras2", sentence: null, maskRules: KERAS2_MASKS };
  const tfjs = /tfjs-layers\s+v?(\d[\w.]*)/i.exec(version);
  if (tfjs !== null)
    return { dialect: "tfjs", sentence: `TensorFlow.js ${tfjs[1] ?? ""}`, maskRules: TFJS_MASKS };
  const [major = 0, minor = 0] = (/(\d+)\.(\d+)/.exec(version)?.slice(1) ?? []).map(Number);
  const sentence = `Keras ${version.replace(/^keras\s*v?/i, "")}`;
  switch (major) {
    case 2:
      return { dialect: "keras2", sentence, maskRules: KERAS2_MASKS };
    case 3:
      // From 3.4 on masks of merged inputs are joined by "or" (keras/src/layers/merging/base_merge.py).
      return {
        dialect: "keras3",
        sentence,
        maskRules: minor >= 4 ? KERAS3_MASKS : { ...KERAS3_MASKS, merge: "and" },
      };
    default:
      throw new VernierError(
        "file.unsupported",
        {
          what: `a file of ${sentence}`,
          remedy: "load it in Keras 2 or 3 and save it again; files of Keras 1 come in a later release",
        },
        { where },
      );
  }
}

const CHOICES: { readonly [Rule in keyof MaskRules]: readonly MaskRules[Rule][] } = {
  merge: ["and", "or"],
  concatenate: ["all", "any"],
  masking: ["where", "multiply"],
  softmax: ["zeroed", "shifted"],
  bidirectional: ["zeroed", "repeated"],
  identity: ["stopped", "handed on"],
};

/** Of a model.json that a conversion of ours made: the rules of its source, which no version in it says. */
export function withKeptMasks(writer: Writer, kept: JsonObject | null): Writer {
  const source = kept?.["source"];
  const said = isObject(source) ? source["masks"] : undefined;
  if (!isObject(said)) return writer;
  const rules: Record<string, unknown> = { ...writer.maskRules };
  for (const [rule, choices] of Object.entries(CHOICES))
    if ((choices as readonly unknown[]).includes(said[rule])) rules[rule] = said[rule];
  return { ...writer, maskRules: rules as unknown as MaskRules };
}
