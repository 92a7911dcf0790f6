/** @file Seeded damage to a model of any format: to its bytes, or to what they mean (JSON, zip members, sizes). */

import { unzipSync } from "fflate";
import { type Random, randomFrom } from "../../../src/numerics/random.ts";
import { mutateJson } from "../../json-mutations.ts";
import { mutate } from "../../mutations.ts";
import { type ZipEntry, zipBytes } from "../../zip-bytes.ts";
import type { FileSet } from "./file-sets.ts";

type Change = (bytes: Uint8Array, random: Random) => { readonly bytes: Uint8Array; readonly what: string };

export interface Damaged {
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly what: string;
}

/** The same seed is the same damage. */
export function damaged(set: FileSet, seed: number): Damaged {
  const random = randomFrom(seed);
  const names = [...set.files.keys()];
  // The file that names the others is the more interesting one.
  const name = random.integer(0, 2) === 0 ? set.main : (names[random.integer(0, names.length)] ?? set.main);
  const bytes = set.files.get(name) ?? new Uint8Array();
  const changes = [...ANY, ...(isZip(bytes) ? IN_ZIP : isJson(bytes) ? IN_JSON : IN_BINARY)];
  const change = changes[random.integer(0, changes.length)] ?? inBytes;
  const { bytes: changed, what } = change(bytes, random);
  return { files: new Map(set.files).set(name, changed), what: `${name}: ${what}` };
}

const isZip = (bytes: Uint8Array): boolean => bytes[0] === 0x50 && bytes[1] === 0x4b;
const isJson = (bytes: Uint8Array): boolean =>
  /^\{\s*"/.test(Buffer.from(bytes.subarray(0, 8)).toString("latin1"));

const inBytes: Change = (bytes, random) => {
  const { mutated, what } = mutate(bytes, random.integer(0, 2 ** 31));
  return { bytes: mutated, what };
};

/** A stretch copied to another place of the same file, over what is there or in between. */
const splice: Change = (bytes, random) => {
  const length = 1 + random.integer(0, Math.min(512, bytes.length));
  const from = random.integer(0, bytes.length);
  const to = random.integer(0, bytes.length);
  const part = bytes.slice(from, from + length);
  const kept = random.integer(0, 2) === 0 ? to : to + part.length;
  const whole = Buffer.concat([bytes.subarray(0, to), part, bytes.subarray(Math.min(kept, bytes.length))]);
  return {
    bytes: new Uint8Array(whole),
    what: `${part.length} bytes of ${from} at ${to}${kept === to ? ", inserted" : ""}`,
  };
};

const INTEGERS = [
  0n,
  1n,
  2n,
  255n,
  2n ** 15n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 53n,
  2n ** 62n,
  2n ** 63n - 1n,
  2n ** 63n,
  2n ** 64n - 1n,
];

/** Sizes, counts and offsets that lie: a number of 1 to 8 bytes, at its edges. */
const edge: Change = (bytes, random) => {
  const width = ([1, 2, 4, 8] as const)[random.integer(0, 4)] ?? 4;
  const at = random.integer(0, Math.max(1, Math.floor(bytes.length / width))) * width;
  const value = INTEGERS[random.integer(0, INTEGERS.length)] ?? 0n;
  const changed = bytes.slice();
  changed.set(
    new Uint8Array(BigUint64Array.of(value).buffer).subarray(0, Math.min(width, bytes.length - at)),
    at,
  );
  return { bytes: changed, what: `${value} in ${width} bytes at ${at}` };
};

const JSON_NUMBERS = [
  "NaN",
  "-Infinity",
  "1e999",
  "-1",
  "0",
  "0.5",
  "9007199254740993",
  "18446744073709551616",
  "1e20",
  "null",
  '"x"',
  "[]",
  "{}",
  "true",
];

/** In the text: a number replaced, or a member that is there twice. */
const inText: Change = (bytes, random) => {
  const text = new TextDecoder().decode(bytes);
  const [pattern, by] =
    random.integer(0, 4) === 0
      ? ([
          /"[a-z_]+": ?(?:\d+|null|true|false|"[^"]*")/g,
          (member: string) => `${member}, ${member}`,
        ] as const)
      : ([
          /(?<=[:[, ])-?\d+(?:\.\d+)?(?=[,\]} ])/g,
          () => JSON_NUMBERS[random.integer(0, JSON_NUMBERS.length)] ?? "0",
        ] as const);
  const found = [...text.matchAll(pattern)];
  const match = found[random.integer(0, Math.max(1, found.length))];
  if (match === undefined) return { bytes, what: "nothing" };
  const put = by(match[0]);
  const changed = text.slice(0, match.index) + put + text.slice(match.index + match[0].length);
  return { bytes: new TextEncoder().encode(changed), what: `${put} for ${match[0]} at ${match.index}` };
};

const inTree: Change = (bytes, random) => {
  const json: unknown = JSON.parse(new TextDecoder().decode(bytes));
  const what = mutateJson(json, random);
  return { bytes: new TextEncoder().encode(JSON.stringify(json)), what };
};

/** JSON inside an HDF5 attribute: the same length, so that the file stays sound. */
const inPlace: Change = (bytes, random) => {
  const changed = bytes.slice();
  const text = Buffer.from(bytes).toString("latin1");
  const found = [...text.matchAll(/"[a-z_]+": ?(\d+|"[^"]{1,40}"|null|true)/g)];
  const match = found[random.integer(0, Math.max(1, found.length))];
  const value = match?.[1];
  if (match === undefined || value === undefined) return edge(bytes, random);
  const choices = [
    "0",
    "-1",
    "NaN",
    "1e99",
    "9999",
    '""',
    "[]",
    "{}",
    "null",
    '"xy"',
    "true",
    '"ReLU"',
    '"Dense"',
  ];
  const fitting = choices.filter(({ length }) => length <= value.length);
  const put = (fitting[random.integer(0, fitting.length)] ?? "0").padEnd(value.length);
  const at = match.index + match[0].length - value.length;
  changed.set(Buffer.from(put, "latin1"), at);
  return { bytes: changed, what: `${put} for ${value} at ${at}` };
};

/** A member changed, and packed again with everything right around it. */
const inMember: Change = (bytes, random) => {
  const members = Object.entries(unzipSync(bytes));
  const chosen = random.integer(0, members.length);
  let what = "";
  const entries = members.map(([name, content], i): ZipEntry => {
    if (i !== chosen) return { name, bytes: content };
    const changes = [...ANY, ...(isJson(content) ? IN_JSON : IN_BINARY)];
    const changed = (changes[random.integer(0, changes.length)] ?? inBytes)(content, random);
    what = `${name}: ${changed.what}`;
    return { name, bytes: changed.bytes, deflate: random.integer(0, 2) === 0 };
  });
  return { bytes: zipBytes(entries), what };
};

/** Headers that say something else, members that are missing, there twice, or under another name. */
const inHeaders: Change = (bytes, random) => {
  const entries = Object.entries(unzipSync(bytes)).map(
    ([name, content]): ZipEntry => ({ name, bytes: content }),
  );
  const chosen = random.integer(0, entries.length);
  const entry = entries[chosen] as ZipEntry;
  const number = Number(INTEGERS[random.integer(0, 8)]);
  const field =
    (["sizeBytes", "compressedBytes", "method", "flags", "crc"] as const)[random.integer(0, 5)] ?? "crc";
  const place = (["directory", "local"] as const)[random.integer(0, 2)] ?? "local";
  const kinds: readonly (() => [string, ZipEntry[]])[] = [
    () => [
      `${field} of ${entry.name} in its ${place} header: ${number}`,
      entries.map((one, i) => (i === chosen ? { ...one, [place]: { [field]: number } } : one)),
    ],
    () => [`without ${entry.name}`, entries.filter((_, i) => i !== chosen)],
    () => [`${entry.name} twice`, [...entries, entry]],
    () => [
      `${entry.name} elsewhere`,
      entries.map((one, i) => (i === chosen ? { ...one, directory: { offset: number } } : one)),
    ],
    () => [
      `${entry.name} renamed`,
      entries.map((one, i) =>
        i === chosen ? { ...one, name: entries[(chosen + 1) % entries.length]?.name ?? "x" } : one,
      ),
    ],
  ];
  const [what, made] = (
    kinds[random.integer(0, kinds.length)] ?? (() => ["", entries] as [string, ZipEntry[]])
  )();
  return { bytes: zipBytes(made), what };
};

const ANY: readonly Change[] = [inBytes, inBytes, splice];
const IN_JSON: readonly Change[] = [inTree, inTree, inTree, inText, inText];
const IN_BINARY: readonly Change[] = [edge, edge, inPlace];
const IN_ZIP: readonly Change[] = [inMember, inMember, inMember, inMember, inHeaders, edge];
