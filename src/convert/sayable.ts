/** @file Which layers of a model can be said in a dialect's words, and which of TF.js's wrong kernels rewrites go around. */

import { isVernierError } from "../base/errors.ts";
import type { Dialect } from "../model/layer.ts";
import type { Model } from "../model/model.ts";
import { translate } from "./translate.ts";

/** Paths of layers that the dialect has no words for, be it by other layers. */
export function refusedLayers(model: Model, to: Dialect): ReadonlySet<string> {
  try {
    translate(model, { to });
    return new Set();
  } catch (error) {
    if (!isVernierError(error)) throw error;
    // What stops a translation before any layer is said concerns none in particular.
    if (!isVernierError(error, "convert.refused")) return new Set();
    // Each is "path: why".
    return new Set(error.details.layers.map((said) => said.slice(0, said.indexOf(": "))));
  }
}

/** Paths of the layers of a `model.json` that rewrites say without a kernel that is known to be wrong. */
export function goneAround(model: Model): ReadonlySet<string> {
  if (model.dialect !== "tfjs") return new Set();
  try {
    const { rewritten, problems } = translate(model, { to: "tfjs" });
    const wrong = new Set(
      problems.flatMap(({ code, where }) => (code === "convert.known-fault" ? [where] : [])),
    );
    return new Set(
      rewritten.flatMap(({ path, parts }) => (parts.some((part) => wrong.has(part)) ? [] : [path])),
    );
  } catch (error) {
    if (isVernierError(error)) return new Set();
    throw error;
  }
}
