/** @file What a layer became that was said by others, in words for people. */

import type { RewrittenLayer } from "../convert/plan.ts";
import { REWRITES } from "../convert/rewrites/index.ts";

/** "Conv2D written as: ZeroPadding before a convolution without padding (exactly the same function)". */
export function writtenAs({ className, rewrite, exact }: RewrittenLayer): string {
  const how = rewrite
    .split(", ")
    .map((id) => REWRITES.find((known) => known.id === id)?.summary ?? id)
    .join("; ");
  return `${className} written as: ${how}${exact ? " (exactly the same function)" : ""}`;
}
