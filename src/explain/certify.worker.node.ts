/** @file Judges the calls that it is told to, of the model that it has read (certify-thread.node.ts). */

import { parentPort, workerData } from "node:worker_threads";
import { certify } from "../compare/certify.ts";
import { readModelPath } from "../dialects/read.node.ts";
import { weightCache } from "../model/weights.ts";
import { roundToFloat32 } from "../numerics/formats.ts";
import type { CertifyRequest, CertifyWorkerStart } from "./certify-thread.node.ts";

const { path, architecture } = workerData as CertifyWorkerStart;
const opened = await readModelPath(path, architecture === null ? {} : { architecture });
const weights = weightCache();

parentPort?.on("message", async ({ trace, inputs, arithmetic, calls }: CertifyRequest) => {
  const { model } = opened;
  const found = await certify(
    model,
    trace,
    inputs,
    { ...arithmetic, round: roundToFloat32 },
    (layer) => weights.weightsOf(model, layer),
    { skip: (call) => !calls.has(call) },
  );
  parentPort?.postMessage(found);
});
