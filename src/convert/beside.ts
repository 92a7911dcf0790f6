/** @file What a file says beside its model: who wrote it, its user's own metadata, keys that nobody knows. */

import { isObject, type JsonObject } from "../base/json.ts";
import type { Plan } from "./plan.ts";

/** Another file has another writer; classes and shapes are said anew. */
export const isOfWriter = (path: string): boolean => OF_WRITER.test(path);
const OF_WRITER =
  /^(format|generatedBy|convertedBy|((modelTopology|model_config)\/)?(keras_version|backend)|metadata\/(keras_version|date_saved)|config\/(module|registered_name|build_config))$/;

/** What a file keeps of them for the way back. */
export function keptBeside(beside: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(beside).filter(([path]) => !isOfWriter(path) && !path.startsWith("assets/")),
  );
}

/** The user's own metadata, also where an earlier conversion kept it. */
export function userMetadata({ source }: Plan): JsonObject {
  const kept = source.kept?.["beside"];
  const all = {
    ...(isObject(kept) ? (kept as JsonObject) : {}),
    ...source.beside,
  };
  const prefix = "userDefinedMetadata/";
  return Object.fromEntries(
    Object.entries(all).flatMap(([path, value]) =>
      path.startsWith(prefix) ? [[path.slice(prefix.length), value]] : [],
    ),
  );
}
