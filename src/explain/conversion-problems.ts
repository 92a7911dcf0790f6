/** @file What a user should know about a conversion: the roundings that it made, and what its proof found or lacks. */

import type { Problem } from "../base/problem.ts";
import type { Conversion } from "../convert/convert.ts";

/** @param proofs `null`: there was none, for the reason in `unproved`. */
export function conversionProblems(
  { problems, rounded }: Conversion,
  proofs: readonly { readonly problems: readonly Problem[] }[] | null,
  unproved: Pick<Problem, "where" | "message">,
): Problem[] {
  return [
    ...problems,
    ...(proofs ?? []).flatMap((proof) => proof.problems),
    ...rounded.map(
      ({ name, from, to, overflowed }): Problem => ({
        code: "convert.rounded",
        where: name,
        message: `stored as ${to} in place of ${from}${overflowed > 0 ? `; ${overflowed} numbers became infinite` : ""}`,
        hint: "the report's outputs say what that does to the predictions",
        severity: overflowed > 0 ? "warning" : "note",
      }),
    ),
    ...(proofs === null
      ? [
          {
            code: "convert.not-verified",
            ...unproved,
            hint: "vernier check SOURCE DEST compares them at any time",
            severity: "warning" as const,
          },
        ]
      : []),
  ];
}
