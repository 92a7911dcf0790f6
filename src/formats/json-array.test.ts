/** @file JSON text and JSON arrays, and their traps. */

import { expect, test } from "vitest";
import { tensorFromJson } from "./json-array.ts";
import { parseJson, readJson } from "./json-text.ts";
import { bytesSource } from "./source.ts";

test("nested arrays become tensors", () => {
  expect(
    tensorFromJson(
      [
        [1, 2.5],
        [3, 4],
        [5, 6],
      ],
      "x",
    ),
  ).toEqual({
    shape: [3, 2],
    dtype: "float64",
    data: Float64Array.of(1, 2.5, 3, 4, 5, 6),
  });
  expect(tensorFromJson(7, "x")).toEqual({ shape: [], dtype: "float64", data: Float64Array.of(7) });
  expect(tensorFromJson([], "x").shape).toEqual([0]);
  expect(tensorFromJson([[], []], "x").shape).toEqual([2, 0]);
  expect(tensorFromJson([true, false], "x")).toEqual({
    shape: [2],
    dtype: "bool",
    data: Uint8Array.of(1, 0),
  });
  expect(tensorFromJson(["a", "b"], "x").data).toEqual(["a", "b"]);
  expect([...tensorFromJson([1, "NaN", "-Infinity"], "x").data]).toEqual([1, NaN, -Infinity]);
});

test.each([
  [[[1, 2], [3]], /a list of 2 expected at axis 1/],
  [[[1], 2], /a list of 1 expected at axis 1, 2 found/],
  [[1, [2]], /a single value expected/],
  [[1, "a"], /holds "a"/],
  [[1, true], /holds true/],
  [[1, null], /holds null/],
  [{ a: 1 }, /holds/],
])("%j is an error that says why", (json, message) => {
  expect(() => tensorFromJson(json, "in.json")).toThrow(message);
});

test("Python's bare NaN and Infinity are read and flagged; the same words in a string are left alone", () => {
  const text = '{"a": [NaN, -Infinity, 1], "NaN": "say \\"NaN\\" or Infinity"}';
  expect(parseJson(text, "x")).toEqual({
    json: { a: ["NaN", "-Infinity", 1], NaN: 'say "NaN" or Infinity' },
    hasBareNumbers: true,
  });
  expect(parseJson("[1]", "x").hasBareNumbers).toBe(false);
});

test("absurd nesting, broken text and other encodings are typed errors", async () => {
  expect(() => parseJson("[".repeat(100_000), "x")).toThrow(expect.objectContaining({ code: "file.limit" }));
  expect(parseJson(`"${"[".repeat(100_000)}"`, "x").json).toHaveLength(100_000);
  expect(() => parseJson('{"a": \u0007', "x")).toThrow(expect.objectContaining({ code: "file.malformed" }));
  const utf16 = bytesSource(Uint8Array.of(0xff, 0xfe, 0x7b, 0), "x");
  await expect(readJson(utf16)).rejects.toMatchObject({ code: "file.malformed" });
});
