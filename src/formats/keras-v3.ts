/**
 * @file The `.keras` archive of Keras 2.12 on and of Keras 3: a zip of `config.json`, `metadata.json`,
 * `model.weights.h5` and `assets/`. Stored members are read where they lie in the archive.
 * (keras/src/saving/saving_lib.py, _save_model_to_fileobj.)
 */

import { VernierError } from "../base/errors.ts";
import { asObject, isObject, type JsonObject } from "../base/json.ts";
import type { Problem } from "../base/problem.ts";
import type { Hdf5File } from "./hdf5.ts";
import { bareNumbersProblem, type ParsedJson, readJson } from "./json-text.ts";
import { type KeptTensor, keptInHdf5 } from "./kept-optimizer.ts";
import { type KerasWeights, readKerasWeights } from "./keras-weights.ts";
import { MAX_JSON_BYTES, requireAtMost } from "./limits.ts";
import { bytesSource, type Source } from "./source.ts";
import { openZipMember, readZipDirectory, readZipMember, type ZipMember } from "./zip.ts";

export interface Asset {
  /** Below `assets/`: "layers/string_lookup/vocabulary.txt". */
  readonly path: string;
  readonly sizeBytes: number;
  /** Throws `file.malformed` where its checksum is wrong. */
  read(): Promise<Uint8Array>;
}

export interface KerasV3File {
  readonly kerasVersion: string | null;
  readonly dateSaved: string | null;
  /** `{ module, class_name, config, registered_name, build_config, compile_config }`. */
  readonly config: JsonObject;
  readonly metadata: JsonObject;
  readonly weights: KerasWeights;
  readonly assets: readonly Asset[];
  /** Members that Keras passes over. */
  readonly others: readonly string[];
  /** What an earlier conversion of ours kept for the way back. */
  readonly kept: JsonObject | null;
  readonly keptOptimizer: readonly KeptTensor[];
  readonly problems: readonly Problem[];
}

/** Where a conversion keeps what Keras has no word for. */
export const KEPT_MEMBER = "vernier.json";
const CONFIG = "config.json";
const METADATA = "metadata.json";
const WEIGHTS = "model.weights.h5";
const KNOWN_MEMBERS: ReadonlySet<string> = new Set([CONFIG, METADATA, WEIGHTS, KEPT_MEMBER]);

/** `openHdf5` is called once, with the weights inside the archive; closing what it gives is the caller's. */
export async function readKerasV3(
  source: Source,
  openHdf5: (source: Source) => Promise<Hdf5File>,
): Promise<KerasV3File> {
  const members = await membersOf(source);
  const config = await jsonOf(source, members, CONFIG);
  if (config === null || !isObject(config.json))
    throw malformed(`it has no ${CONFIG} that describes a model`, source.name);
  const metadata = await jsonOf(source, members, METADATA);
  const kept = await jsonOf(source, members, KEPT_MEMBER);
  const ours = isObject(kept?.json) ? (kept.json as JsonObject) : null;
  const hdf5 = await weightsFile(source, members, openHdf5);
  const about = asObject(metadata?.json);
  // Python reads them back, so that for Keras nothing is wrong.
  const problems = config.hasBareNumbers ? [bareNumbersProblem(`${source.name}:${CONFIG}`, "note")] : [];
  return {
    kerasVersion: textOrNull(about["keras_version"]),
    dateSaved: textOrNull(about["date_saved"]),
    config: config.json as JsonObject,
    metadata: about,
    weights: await readKerasWeights(hdf5),
    assets: [...members].flatMap(([name, member]) =>
      name.startsWith("assets/") && !name.endsWith("/")
        ? [
            {
              path: name.slice("assets/".length),
              sizeBytes: member.sizeBytes,
              read: () => readZipMember(source, member),
            },
          ]
        : [],
    ),
    others: [...members.keys()].filter(
      (name) => !KNOWN_MEMBERS.has(name) && !name.startsWith("assets/") && !name.endsWith("/"),
    ),
    kept: ours,
    keptOptimizer: keptInHdf5(ours, hdf5),
    problems,
  };
}

/** By their names with "/"; none may lead out of the archive. */
async function membersOf(source: Source): Promise<ReadonlyMap<string, ZipMember>> {
  const members = new Map<string, ZipMember>();
  for (const member of (await readZipDirectory(source)).values()) {
    const name = member.name.replaceAll("\\", "/");
    if (name.startsWith("/") || /^[a-z]:/i.test(name) || name.split("/").includes(".."))
      throw malformed(`"${member.name}" leads out of it`, source.name);
    if (members.has(name)) throw malformed(`"${name}" is in it twice`, source.name);
    members.set(name, member);
  }
  return members;
}

async function jsonOf(
  source: Source,
  members: ReadonlyMap<string, ZipMember>,
  name: string,
): Promise<ParsedJson | null> {
  const member = members.get(name);
  if (member === undefined) return null;
  const where = `${source.name}:${name}`;
  requireAtMost("the size of a JSON file in bytes", member.sizeBytes, MAX_JSON_BYTES, where);
  return readJson(bytesSource(await readZipMember(source, member), where));
}

async function weightsFile(
  source: Source,
  members: ReadonlyMap<string, ZipMember>,
  openHdf5: (source: Source) => Promise<Hdf5File>,
): Promise<Hdf5File> {
  const member = members.get(WEIGHTS);
  if (member !== undefined) return openHdf5(await openZipMember(source, member));
  if (members.has("model.weights.npz"))
    throw new VernierError(
      "file.unsupported",
      {
        what: "a .keras file whose weights are pickled Python objects (model.weights.npz)",
        remedy: 'save it again with model.save("model.keras"), which writes model.weights.h5',
      },
      { where: [source.name] },
    );
  throw malformed(`it has no ${WEIGHTS}`, source.name);
}

const textOrNull = (json: unknown): string | null => (typeof json === "string" ? json : null);

function malformed(reason: string, where: string): VernierError {
  return new VernierError("file.malformed", { reason }, { where: [where] });
}
