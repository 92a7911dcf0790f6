/** @file The class that a file means: Keras's own, or somebody else's of perhaps the same name. */

import { isObject } from "../base/json.ts";

const OWN_PACKAGE = /^(tf_)?keras$/i;
const OWN_MODULE = /^(tf_)?keras(\.|$)/;

/**
 * "Dense"; "package>Dense" where `registered_name` or `module` say that it is not Keras's, so that no rule of ours
 * applies to it. `undefined` where there is no class_name.
 */
export function classNameOf(json: unknown): string | undefined {
  if (!isObject(json) || typeof json["class_name"] !== "string") return undefined;
  const { class_name: className, registered_name: registered, module } = json;
  for (const name of [className, registered]) {
    if (typeof name !== "string" || !name.includes(">")) continue;
    const [home = "", own = ""] = name.split(">");
    return OWN_PACKAGE.test(home) ? own : name;
  }
  if (typeof module === "string" && !OWN_MODULE.test(module)) return `${module}>${className}`;
  return className;
}
