/** @file The verdict from its grounds. */

import { expect, test } from "vitest";
import { headlineOf, verdictOf } from "./verdict.ts";

const NOTHING_FOUND = { causes: [], certificates: [], predicted: true, judged: true, sameInput: true };

test("two files that the reference evaluates alike agree, with no engine to judge", () => {
  expect(verdictOf(NOTHING_FOUND)).toBe("agree");
  const said = {
    causes: [],
    outputs: [],
    samples: 8,
    engineA: "reference",
    engineB: "reference",
    reason: null,
  };
  expect(headlineOf("agree", said)).not.toContain("computed it correctly");
});

test("without a cause, what was not run, fed alike or judged is not compared", () => {
  for (const missing of ["predicted", "judged", "sameInput"])
    expect(verdictOf({ ...NOTHING_FOUND, [missing]: false })).toBe("not-compared");
  const coarser = { status: "coarser", error: 1, bound: 0, index: [0], explains: "float16" } as const;
  expect(verdictOf({ ...NOTHING_FOUND, certificates: [coarser] })).toBe("not-compared");
});
