/** @file Hostile `.keras` archives: refused with a place, before anything large is made of them. */

import { unzipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { fixtureBytes, readWhole, refusalOf } from "../refusal.ts";
import { type ZipEntry, zipBytes } from "../zip-bytes.ts";

const members = unzipSync(fixtureBytes("keras-files/keras3/wrapped.keras"));
const JSON_NAME = "config.json";
const WEIGHTS = "model.weights.h5";
const MIB = 2 ** 20;

/** The sound archive, one member changed, others added. */
function archive(name = "", change: Partial<ZipEntry> = {}, added: readonly ZipEntry[] = []): Uint8Array {
  const entries = Object.entries(members).map(([member, bytes]): ZipEntry => ({ name: member, bytes }));
  return zipBytes([
    ...entries.map((entry) => (entry.name === name ? { ...entry, ...change } : entry)),
    ...added,
  ]);
}

test("the archive that the others are made of is read, deflated too", async () => {
  await readWhole(archive());
  await readWhole(archive(WEIGHTS, { deflate: true }));
  // Written to a pipe: sizes and checksum are 0 here and stand behind the data.
  const piped = { flags: 0x808, sizeBytes: 0, compressedBytes: 0, crc: 0 };
  await readWhole(archive(WEIGHTS, { local: piped }));
});

const zeros = (mib: number): ZipEntry => ({
  name: "assets/zeros",
  bytes: new Uint8Array(mib * MIB),
  deflate: true,
});
const weightsBytes = members[WEIGHTS] ?? new Uint8Array();
const configBytes = members[JSON_NAME] ?? new Uint8Array();
const extra = (name: string): ZipEntry => ({ name, bytes: Uint8Array.of(1, 2, 3) });

describe.each<[what: string, bytes: () => Uint8Array, code: string, says: RegExp]>([
  [
    "a bomb: 1 GiB claimed for compressed kilobytes",
    () =>
      archive(WEIGHTS, { deflate: true, directory: { sizeBytes: 2 ** 30 }, local: { sizeBytes: 2 ** 30 } }),
    "file.limit",
    /compressed size/,
  ],
  [
    "a bomb: more than 4 GiB claimed",
    () =>
      archive(WEIGHTS, {
        deflate: true,
        directory: { sizeBytes: 2 ** 32 - 2 },
        local: { sizeBytes: 2 ** 32 - 2 },
      }),
    "file.limit",
    /compressed size/,
  ],
  [
    "a bomb: data that inflate to more than is said",
    () =>
      archive(JSON_NAME, {
        ...zeros(8),
        name: JSON_NAME,
        directory: { sizeBytes: 1000 },
        local: { sizeBytes: 1000 },
      }),
    "file.malformed",
    /longer than it says/,
  ],
  [
    "data that inflate to less than is said",
    () =>
      archive(JSON_NAME, {
        deflate: true,
        directory: { sizeBytes: configBytes.length + 1 },
        local: { sizeBytes: configBytes.length + 1 },
      }),
    "file.malformed",
    /shorter than it says/,
  ],
  [
    "a bomb: a config.json of more than the limit of JSON",
    () =>
      archive(JSON_NAME, {
        deflate: true,
        directory: { sizeBytes: 257 * MIB },
        local: { sizeBytes: 257 * MIB },
      }),
    "file.limit",
    /JSON/,
  ],
  [
    "a bomb: many members over the same bytes",
    () => archive("", {}, [{ ...extra("assets/a"), directory: { sameAs: 0 } }]),
    "file.malformed",
    /overlaps/,
  ],
  [
    "a stored member with two sizes in the directory",
    () => archive(WEIGHTS, { directory: { sizeBytes: 10 } }),
    "file.malformed",
    /two sizes/,
  ],
  [
    "a stored member whose own header says another size",
    () => archive(WEIGHTS, { local: { sizeBytes: 10, compressedBytes: 10 } }),
    "file.malformed",
    /different sizes/,
  ],
  [
    "a member whose own header says that it is compressed",
    () => archive(WEIGHTS, { local: { method: 8 } }),
    "file.malformed",
    /different sizes/,
  ],
  [
    "a member whose own header has another name",
    () => archive(JSON_NAME, { local: { name: "other.json!" } }),
    "file.malformed",
    /calls "other.json!" so/,
  ],
  [
    "a size beyond the file",
    () => archive(WEIGHTS, { directory: { sizeBytes: 2 ** 31, compressedBytes: 2 ** 31 } }),
    "file.malformed",
    /overlaps/,
  ],
  [
    "an offset beyond the file",
    () => archive(WEIGHTS, { directory: { offset: 2 ** 31 } }),
    "file.malformed",
    /overlaps/,
  ],
  [
    "a method that nobody has",
    () => archive(WEIGHTS, { directory: { method: 99 } }),
    "file.unsupported",
    /method 99/,
  ],
  [
    "an encrypted member",
    () => archive(WEIGHTS, { directory: { flags: 1 } }),
    "file.unsupported",
    /encrypted/,
  ],
  [
    "weights with a wrong checksum",
    () => archive(WEIGHTS, { directory: { crc: 1 }, local: { crc: 1 } }),
    "file.malformed",
    /checksum/,
  ],
  [
    "weights with a wrong checksum, deflated",
    () => archive(WEIGHTS, { deflate: true, directory: { crc: 1 }, local: { crc: 1 } }),
    "file.malformed",
    /checksum/,
  ],
  [
    "a config with a wrong checksum",
    () => archive(JSON_NAME, { directory: { crc: 1 } }),
    "file.malformed",
    /checksum/,
  ],
  [
    "one flipped bit in the weights",
    () => {
      const bytes = weightsBytes.slice();
      bytes[bytes.length - 5] = (bytes.at(-5) ?? 0) ^ 1;
      // The checksum is that of what was there before.
      const crc = crcOf(archive());
      return archive(WEIGHTS, { bytes, directory: { crc }, local: { crc } });
    },
    "file.malformed",
    /checksum/,
  ],
  ["one name twice", () => archive("", {}, [extra(JSON_NAME)]), "file.malformed", /is in it twice/],
  [
    "one name twice, by another separator",
    () => archive("", {}, [extra("assets/a"), extra("assets\\a")]),
    "file.malformed",
    /is in it twice/,
  ],
  ["a name with ..", () => archive("", {}, [extra("assets/../../evil")]), "file.malformed", /leads out/],
  [
    "a name with .. by backslashes",
    () => archive("", {}, [extra("assets\\..\\..\\evil")]),
    "file.malformed",
    /leads out/,
  ],
  ["an absolute name", () => archive("", {}, [extra("/etc/passwd")]), "file.malformed", /leads out/],
  ["a name with a drive", () => archive("", {}, [extra("C:\\evil")]), "file.malformed", /leads out/],
])("%s", (_what, bytes, code, says) => {
  test(`is ${code}`, async () => {
    const before = process.memoryUsage().rss;
    const refusal = await refusalOf(() => readWhole(bytes()));
    expect({ code: refusal.code, message: refusal.message }).toEqual({
      code,
      message: expect.stringMatching(says),
    });
    expect(refusal.where).toMatch(/^model/);
    expect(refusal.hint).not.toBe("");
    expect(process.memoryUsage().rss - before).toBeLessThan(256 * MIB);
  });
});

/** Of the weights, as the directory has it. */
function crcOf(zip: Uint8Array): number {
  const view = new DataView(zip.buffer, zip.byteOffset);
  const text = Buffer.from(zip).toString("latin1");
  return view.getUint32(text.lastIndexOf(WEIGHTS) - 46 + 16, true);
}

test("a directory that counts more members than there are, or lies elsewhere, is refused", async () => {
  const ends: readonly [at: number, value: number][] = [
    [10, 0xfffe],
    [12, 2 ** 31],
    [16, 2 ** 31],
    [12, 3],
    [16, 3],
  ];
  for (const [at, value] of ends) {
    const bytes = archive();
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    if (at === 10) view.setUint16(bytes.length - 22 + at, value, true);
    else view.setUint32(bytes.length - 22 + at, value, true);
    expect(await refusalOf(() => readWhole(bytes))).toMatchObject({ code: "file.malformed" });
  }
});

/** The same with the directory described in 64 bits. */
function in64Bits(count?: bigint, length?: bigint, offset?: bigint, end?: bigint): Uint8Array {
  const bytes = archive();
  const old = new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 22);
  const view = new DataView(new ArrayBuffer(56 + 20 + 22));
  view.setUint32(0, 0x06064b50, true);
  view.setBigUint64(4, 44n, true);
  view.setBigUint64(32, count ?? BigInt(old.getUint16(10, true)), true);
  view.setBigUint64(40, length ?? BigInt(old.getUint32(12, true)), true);
  view.setBigUint64(48, offset ?? BigInt(old.getUint32(16, true)), true);
  view.setUint32(56, 0x07064b50, true);
  view.setBigUint64(64, end ?? BigInt(bytes.length - 22), true);
  view.setUint32(72, 1, true);
  view.setUint32(76, 0x06054b50, true);
  for (const at of [8, 10]) view.setUint16(76 + at, 0xffff, true);
  for (const at of [12, 16]) view.setUint32(76 + at, 0xffffffff, true);
  return new Uint8Array(Buffer.concat([bytes.subarray(0, -22), new Uint8Array(view.buffer)]));
}

test("a directory described in 64 bits is read, and refused with counts and places of 2^53 and beyond", async () => {
  await readWhole(in64Bits());
  for (const value of [2n ** 53n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n])
    for (let field = 0; field < 4; field++) {
      const values = Array.from({ length: 4 }, (_, i) => (i === field ? value : undefined));
      const refusal = await refusalOf(() => readWhole(in64Bits(...values)));
      expect(refusal.code).toMatch(/^file\.(malformed|limit)$/);
    }
});

test("cut off at any length, it is refused", async () => {
  const whole = archive();
  for (let length = 0; length < whole.length; length += 97)
    expect((await refusalOf(() => readWhole(whole.slice(0, length)))).code).toMatch(/^file\./);
});
