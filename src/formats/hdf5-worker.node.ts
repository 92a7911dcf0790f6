/** @file Entry of the HDF5 thread in Node: reads the file by position, or gets its bytes. */

import { closeSync, openSync, readSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { VernierError } from "../base/errors.ts";
import type { SyncReader } from "./hdf5-slice-fs.ts";
import { serveHdf5 } from "./hdf5-worker.ts";
import type { SourceOrigin } from "./source.ts";

const port = parentPort;
if (port !== null) {
  const origin = workerData as SourceOrigin;
  await serveHdf5(
    {
      post: (reply, transfer) => port.postMessage(reply, transfer),
      listen: (listener) => port.on("message", listener),
    },
    origin.kind === "file" ? fileReader(origin) : bytesReader(origin.bytes),
  );
}

function fileReader({ path, offset, sizeBytes }: Extract<SourceOrigin, { kind: "file" }>): SyncReader {
  const file = openSync(path, "r");
  process.on("exit", () => closeSync(file));
  return {
    sizeBytes,
    readInto(target, at) {
      let done = 0;
      while (done < target.length) {
        const count = readSync(file, target, done, target.length - done, offset + at + done);
        if (count === 0) {
          const details = { expected: `${target.length} bytes at ${offset + at}`, received: `${done}` };
          throw new VernierError("file.truncated", details, { where: [path] });
        }
        done += count;
      }
    },
  };
}

function bytesReader(bytes: Uint8Array): SyncReader {
  return {
    sizeBytes: bytes.byteLength,
    readInto(target, at) {
      target.set(bytes.subarray(at, at + target.length));
    },
  };
}
