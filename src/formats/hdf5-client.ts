/** @file `Hdf5File` over a thread that can be killed: one request at a time, each with a time limit. */

import { type ErrorCode, type ErrorDetails, VernierError } from "../base/errors.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { BYTES_PER_ELEMENT } from "./elements.ts";
import type {
  AttributeValue,
  DatasetInfo,
  ErrorMessage,
  Hdf5File,
  Hdf5Reply,
  Hdf5Request,
  Hyperslab,
} from "./hdf5.ts";
import { slabsOf } from "./hyperslab.ts";
import { PIECE_BYTES } from "./limits.ts";

/** The other end of the thread. `onEnd` fires once, when the thread ends by itself, with the reason. */
export interface Hdf5Thread {
  post(message: { id: number; request: Hdf5Request }): void;
  onReply(listener: (reply: Hdf5Reply) => void): void;
  onEnd(listener: (reason: string, outOfMemory: boolean) => void): void;
  kill(): Promise<void>;
}

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly timer: ReturnType<typeof setTimeout>;
}

/** Resolves when the thread has opened the file. Kills the thread on every failure that may have damaged it. */
export async function connectHdf5(
  thread: Hdf5Thread,
  { name, timeoutMs }: { name: string; timeoutMs: number },
): Promise<Hdf5File> {
  const pending = new Map<number, Pending>();
  let failure: VernierError | null = null;
  let last: Promise<unknown> = Promise.resolve();
  let nextId = 1;

  const fail = (error: VernierError): void => {
    failure ??= error;
    for (const { reject, timer } of pending.values()) {
      clearTimeout(timer);
      reject(failure);
    }
    pending.clear();
    void thread.kill();
  };
  thread.onEnd((reason, outOfMemory) => {
    const limit = { limit: "the memory needed", value: "too much", allowed: "limit of the HDF5 reader" };
    const where = [name];
    if (outOfMemory) fail(new VernierError("file.limit", limit, { where }));
    else
      fail(new VernierError("file.malformed", { reason: `the HDF5 reader stopped (${reason})` }, { where }));
  });
  thread.onReply((reply) => {
    const waiting = pending.get(reply.id);
    if (waiting === undefined) return;
    pending.delete(reply.id);
    clearTimeout(waiting.timer);
    if (reply.ok) return waiting.resolve(reply.value);
    const error = errorFromMessage(reply.error, name);
    waiting.reject(error);
    if (reply.error.fatal) fail(error);
  });
  const expectReply = (id: number): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const tooLong = (): void => {
        const seconds = timeoutMs / 1000;
        const details = {
          limit: "the time for one read",
          value: `over ${seconds} s`,
          allowed: `${seconds} s`,
        };
        fail(new VernierError("file.limit", details, { where: [name] }));
      };
      pending.set(id, { resolve, reject, timer: setTimeout(tooLong, timeoutMs) });
    });
  const ask = async <T>(request: Hdf5Request, place: string): Promise<T> => {
    // In line: the time limit is for the reading, not for the waiting.
    const turn = last.then(async () => {
      if (failure !== null) throw failure;
      const id = nextId++;
      const reply = expectReply(id);
      thread.post({ id, request });
      return reply;
    });
    last = turn.catch(() => undefined);
    return turn.catch((error: unknown) => {
      throw located(error, name, place);
    }) as Promise<T>;
  };

  try {
    await expectReply(0);
  } catch (error) {
    await thread.kill();
    throw error;
  }
  const dataset = (path: string): Promise<DatasetInfo> => ask<DatasetInfo>({ op: "dataset", path }, path);
  const read = (path: string, range?: Hyperslab): Promise<Tensor> =>
    ask<Tensor>({ op: "read", path, range: range ?? null }, path);
  return {
    name,
    kindOf: (path) => ask<"group" | "dataset" | null>({ op: "kindOf", path }, path),
    attributeNames: (path) => ask<readonly string[]>({ op: "attributeNames", path }, path),
    attribute: (path, key) => ask<AttributeValue>({ op: "attribute", path, name: key }, `${path}@${key}`),
    group: (path) => ask<readonly string[]>({ op: "group", path }, path),
    dataset,
    read,
    pieces: (path, maxBytes) => piecesByReading({ dataset, read }, path, maxBytes),
    async close() {
      failure ??= new VernierError("internal", { reason: `"${name}" was read after it was closed` });
      await thread.kill();
    },
  };
}

/** Pieces by hyperslabs. Ones of strings count 16 bytes each, as in the file. */
async function* piecesByReading(
  { dataset, read }: Pick<Hdf5File, "dataset" | "read">,
  path: string,
  maxBytes = PIECE_BYTES,
): AsyncGenerator<Tensor> {
  const { shape, dtype } = await dataset(path);
  const elementBytes = dtype === "string" ? 16 : BYTES_PER_ELEMENT[dtype];
  for (const slab of slabsOf(shape, Math.max(1, Math.floor(maxBytes / elementBytes)))) {
    const { data } = await read(path, slab);
    yield { shape: [data.length], dtype, data };
  }
}

function errorFromMessage({ code, details, where }: ErrorMessage, name: string): VernierError {
  const known = code as ErrorCode;
  return new VernierError(known, details as ErrorDetails[ErrorCode], {
    where: where === "" ? [name] : where,
  });
}

/** The same error, whose place names the file and the path in it. */
export function located(error: unknown, name: string, path: string): unknown {
  const place = `${name}:${path}`;
  if (!(error instanceof VernierError) || error.where === place) return error;
  return new VernierError(error.code, error.details, { where: place, cause: error });
}
