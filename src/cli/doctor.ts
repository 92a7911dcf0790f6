/** @file `vernier doctor`: asks every engine whether it can run here, all at once, none for long. */

import { VERSION } from "../base/version.ts";
import type { Engine, EngineOptions, EngineStatus } from "../engines/engine.ts";
import { type DoctorReport, renderDoctor } from "../report/doctor.ts";
import { renderJson } from "../report/json.ts";
import { colours } from "./colours.ts";
import { ENGINE_NAMES, engineNamed } from "./engine-names.ts";

/** A Python behind a version manager may need a few seconds; whoever asks should not wait for longer. */
const PROBE_MS = 15_000;

export async function runDoctor(
  {
    json,
    color,
    python,
    tfjs,
  }: { readonly json?: boolean; readonly color: boolean; readonly python?: string; readonly tfjs?: string },
  signal: AbortSignal,
): Promise<number> {
  const options: EngineOptions = {
    signal,
    timeoutMs: PROBE_MS,
    ...(python === undefined ? {} : { python }),
    ...(tfjs === undefined ? {} : { tfjsFolder: tfjs }),
  };
  const probes: Promise<EngineStatus>[] = [];
  const engines = await Promise.all(
    ENGINE_NAMES.map(async (name) => {
      const engine = await engineNamed(name);
      if (engine === "reference") return REFERENCE;
      const probe = engine.probe(options);
      probes.push(probe);
      return inTime(engine, probe);
    }),
  );
  const report: DoctorReport = { schema: "vernier.doctor/1", engines };
  process.stdout.write(
    json === true ? renderJson(report) : renderDoctor(report, colours(color, process.stdout)),
  );
  // One that took too long still ends the program that it has started.
  await Promise.allSettled(probes);
  return 0;
}

const REFERENCE: EngineStatus = {
  id: "reference",
  status: "ready",
  version: VERSION,
  detail: "64-bit arithmetic, built in",
  remedy: null,
};

function inTime(engine: Engine, probe: Promise<EngineStatus>): Promise<EngineStatus> {
  const { promise, resolve } = deferred<EngineStatus>();
  const timer = setTimeout(() => resolve(silent(engine.id)), PROBE_MS);
  void probe.then((status) => {
    clearTimeout(timer);
    // The table names the engine already.
    resolve({ ...status, detail: status.detail.replace(/^engine "[^"]+" cannot start: /, "") });
  });
  return promise;
}

/** `Promise.withResolvers` is not in Node 20. */
function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let settle: (value: T) => void = () => {};
  const promise = new Promise<T>((resolve) => {
    settle = resolve;
  });
  return { promise, resolve: (value) => settle(value) };
}

const silent = (id: string): EngineStatus => ({
  id,
  status: "missing",
  version: null,
  detail: `no answer within ${PROBE_MS / 1000} s`,
  remedy: "try again, or name another with --python or --tfjs",
});
