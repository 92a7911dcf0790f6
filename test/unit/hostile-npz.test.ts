/** @file Hostile arrays in `.npz`: headers that claim what is not there, or what NumPy does not write. */

import { expect, test } from "vitest";
import { readNpz } from "../../src/formats/npz.ts";
import { bytesSource } from "../../src/formats/source.ts";
import { refusalOf } from "../refusal.ts";
import { zipBytes } from "../zip-bytes.ts";

const npy = (header: string, body = 0): Uint8Array => {
  const text = new TextEncoder().encode(header);
  return Uint8Array.of(0x93, ...Buffer.from("NUMPY"), 1, 0, text.length, 0, ...text, ...new Uint8Array(body));
};

test.each([
  [
    "2^50 strings of no characters",
    "{'descr': '<U0', 'fortran_order': False, 'shape': (1125899906842624,), }",
    "file.limit",
  ],
  [
    "2^62 numbers",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2147483648, 2147483648), }",
    "file.limit",
  ],
  [
    "2^64 numbers",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (18446744073709551616,), }",
    "file.malformed",
  ],
  [
    "a negative number of numbers",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }",
    "file.malformed",
  ],
  ["33 axes", `{'descr': '<f4', 'fortran_order': False, 'shape': (${"1, ".repeat(33)}), }`, "file.limit"],
  [
    "4 GB in 100 bytes",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000,), }",
    "file.truncated",
  ],
  [
    "a header with more in it",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), } or x",
    "file.malformed",
  ],
  ["a shape that is no tuple", "{'descr': '<f4', 'fortran_order': False, 'shape': (1), }", "file.malformed"],
  ["a pickle", "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", "file.unsupported"],
])("an .npz with an array of %s is refused", async (_what, header, code) => {
  const bytes = zipBytes([{ name: "x.npy", bytes: npy(header) }]);
  const refusal = await refusalOf(async () => (await readNpz(bytesSource(bytes, "x.npz"))).read("x"));
  expect(refusal).toMatchObject({ code, where: "x.npz:x.npy" });
});
