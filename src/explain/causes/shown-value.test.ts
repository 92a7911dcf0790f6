/** @file Numbers of a config are shown with a file's digits, and never as another number. */

import { expect, test } from "vitest";
import { showValue } from "./shown-value.ts";

test.each([
  [Math.fround(0.001), "0.001"],
  [Math.fround(1e-7), "1e-7"],
  [Math.fround(1 / 3), "0.33333334"],
  [1e-12, "1e-12"],
  [[2, Math.fround(0.1)], "[2,0.1]"],
  ["relu", "relu"],
  [null, "null"],
])("%j is shown as %s", (value, text) => expect(showValue(value)).toBe(text));

test("what is shown of a float32 is that float32", () => {
  for (let i = 0; i < 2000; i++) {
    const x = Math.fround(Math.sin(i) * 10 ** ((i % 60) - 30));
    expect(Math.fround(Number(showValue(x)))).toBe(x);
  }
});

test("a long value is cut", () => expect(showValue([1, 2, 3, 4, 5], 6)).toBe("[1,2,…"));
