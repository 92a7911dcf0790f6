/** @file Zips that are written as a stream, read by our reader; Python's reads them in `test/oracle/`. */

import { expect, test } from "vitest";
import { bytesOfFile } from "../../test/hdf5-trees.ts";
import type { OutputFile } from "./output.ts";
import { bytesSource } from "./source.ts";
import { readZipDirectory, readZipMember } from "./zip.ts";
import { zipOf } from "./zip-writer.ts";

const file = (name: string, ...pieces: Uint8Array[]): OutputFile => ({
  name,
  sizeBytes: pieces.reduce((sum, { length }) => sum + length, 0),
  async *pieces() {
    yield* pieces;
  },
});

const text = (content: string): Uint8Array => new TextEncoder().encode(content);

test("members of several pieces, of none and with any name come back, checksums included", async () => {
  const files = [
    file("config.json", text("{"), text("}")),
    file("empty"),
    file("assets/層.bin", new Uint8Array(100_000).fill(7), text("end")),
  ];
  const zip = zipOf(files, "model.keras");
  const bytes = await bytesOfFile(zip);
  expect(bytes.length).toBe(zip.sizeBytes);
  const source = bytesSource(bytes, zip.name);
  const members = await readZipDirectory(source);
  expect([...members.keys()]).toEqual(files.map(({ name }) => name));
  for (const original of files) {
    const member = members.get(original.name);
    expect(member === undefined ? null : await readZipMember(source, member)).toEqual(
      await bytesOfFile(original),
    );
  }
  expect(await bytesOfFile(zip)).toEqual(bytes);
});

test("65,600 members need the zip64 end, and have it", async () => {
  const zip = zipOf(
    Array.from({ length: 65_600 }, (_, i) => file(`${i}`)),
    "many.zip",
  );
  const bytes = await bytesOfFile(zip);
  expect(bytes.length).toBe(zip.sizeBytes);
  expect((await readZipDirectory(bytesSource(bytes, zip.name))).size).toBe(65_600);
});

test("no member at all is a zip, too", async () => {
  expect((await readZipDirectory(bytesSource(await bytesOfFile(zipOf([], "z")), "z"))).size).toBe(0);
});

test.each([2, 4])("a file that says 3 bytes and gives %d is a bug that is told", async (given) => {
  const zip = zipOf([{ ...file("a", new Uint8Array(given)), sizeBytes: 3 }], "z.zip");
  await expect(bytesOfFile(zip)).rejects.toMatchObject({ code: "internal", where: "z.zip:a" });
});

test("two files of one name are refused", () => {
  expect(() => zipOf([file("a"), file("a")], "z.zip")).toThrow(/twice/);
});
