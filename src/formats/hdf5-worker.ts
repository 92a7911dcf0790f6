/** @file The body of the HDF5 thread: opens one file, answers requests. No platform: the entry hands it a port. */

import { VernierError } from "../base/errors.ts";
import type { ErrorMessage, Hdf5Reply, Hdf5Request } from "./hdf5.ts";
import { malformed } from "./hdf5-header.ts";
import { Hdf5Library } from "./hdf5-library.ts";
import { Hdf5Reader } from "./hdf5-reader.ts";
import type { SyncReader } from "./hdf5-slice-fs.ts";

export interface WorkerPort {
  post(reply: Hdf5Reply, transfer: readonly ArrayBuffer[]): void;
  listen(listener: (message: { id: number; request: Hdf5Request }) => void): void;
}

/** The reply with id 0 says that the file is open, or why not. */
export async function serveHdf5(port: WorkerPort, file: SyncReader): Promise<void> {
  let reader: Hdf5Reader;
  try {
    reader = new Hdf5Reader(await Hdf5Library.open(file), file);
  } catch (error) {
    port.post({ id: 0, ok: false, error: messageFromError(error) }, []);
    return;
  }
  port.listen(({ id, request }) => {
    try {
      const value = answer(reader, request);
      port.post({ id, ok: true, value }, buffersOf(value));
    } catch (error) {
      port.post({ id, ok: false, error: messageFromError(error) }, []);
    }
  });
  port.post({ id: 0, ok: true, value: null }, []);
}

function answer(reader: Hdf5Reader, request: Hdf5Request): unknown {
  switch (request.op) {
    case "kindOf":
      return reader.kindOf(request.path);
    case "attributeNames":
      return reader.attributeNames(request.path);
    case "group":
      return reader.group(request.path);
    case "dataset":
      return reader.dataset(request.path);
    case "attribute":
      return reader.attribute(request.path, request.name);
    case "read":
      return reader.read(request.path, request.range);
    default:
      return request satisfies never;
  }
}

function buffersOf(value: unknown): ArrayBuffer[] {
  const data = typeof value === "object" && value !== null && "data" in value ? value.data : null;
  return ArrayBuffer.isView(data) && data.buffer instanceof ArrayBuffer ? [data.buffer] : [];
}

/** Whatever the library throws (a trap, an exhausted stack, its own errors) means that the file is damaged. */
function messageFromError(error: unknown): ErrorMessage {
  const typed =
    error instanceof VernierError ? error : malformed(`the HDF5 library failed (${textOf(error)})`);
  return { code: typed.code, details: typed.details, where: typed.where, fatal: typed !== error };
}

/** Emscripten's errors quote the whole library. */
function textOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/^Error: /, "").slice(0, 100);
}
