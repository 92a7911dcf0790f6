/**
 * @file One running TF.js and the requests made to it: time, memory and the user's patience have limits.
 *
 * Whatever ends a session early (timeout, crash, too much memory, abort) ends the runtime too, and every later
 * request fails: a runtime that was stopped amid a call has no state that could be trusted.
 */

import { totalmem } from "node:os";
import { VernierError } from "../base/errors.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { EngineInfo, EngineOptions, TracedCall } from "./engine.ts";
import type { Failure, Reply, Request, Transport } from "./tfjs-protocol.ts";
import { firstSentence, refusalFor } from "./tfjs-refusals.ts";

export interface Connection {
  readonly described: Pick<EngineInfo, "inputs" | "outputs">;
  /** What the runtime says that it runs on. */
  readonly hardware: string | null;
  ask(request: Request, onCall?: (call: TracedCall) => void): Promise<Tensor[]>;
  close(): Promise<void>;
}

type Answer = Extract<Reply, { kind: "ready" | "done" }>;

interface Pending {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
  readonly onCall: ((call: TracedCall) => void) | undefined;
  readonly stage: string;
  /** What `onCall` threw: the run is let finish, then the request fails with it. */
  thrown?: { error: unknown };
}

/** Resolves when the runtime has loaded its model; if it does not, the runtime is gone when this rejects. */
export async function connect(id: string, transport: Transport, options: EngineOptions): Promise<Connection> {
  const { timeoutMs = 120_000, memoryMiB = defaultMemoryMiB(), signal } = options;
  let pending: Pending | null = null;
  let dead: unknown = null;
  let queue: Promise<unknown> = Promise.resolve();

  /** Ends the runtime first, then tells: when a caller hears of it, nothing runs any more. */
  const end = async (error: unknown): Promise<void> => {
    dead ??= error;
    const waiting = pending;
    pending = null;
    await transport.stop();
    waiting?.reject(error);
  };
  const settle = (): Pending | null => {
    const waiting = pending;
    pending = null;
    return waiting;
  };
  const crashed = (reason: string): VernierError =>
    new VernierError("engine.crashed", { engine: id, reason, stage: pending?.stage ?? "idle" });

  const received = (reply: Reply): void => {
    switch (reply.kind) {
      case "call":
        try {
          if (pending?.thrown === undefined) pending?.onCall?.(reply.call);
        } catch (error) {
          if (pending !== null) pending.thrown = { error };
        }
        return;
      case "failed": {
        const error = errorFrom(id, reply.failure, pending?.stage ?? "idle");
        if (error.code === "engine.crashed") void end(error);
        else settle()?.reject(error);
        return;
      }
      case "ready":
      case "done": {
        const waiting = settle();
        if (waiting?.thrown === undefined) waiting?.resolve(reply);
        else waiting.reject(waiting.thrown.error);
        return;
      }
      default:
        reply satisfies never;
    }
  };
  transport.listen({ reply: received, ended: (reason) => void end(dead ?? crashed(reason)) });

  const wait = (stage: string, send: () => void, onCall?: (call: TracedCall) => void): Promise<Answer> =>
    new Promise<Answer>((resolve, reject) => {
      if (dead !== null) return reject(dead);
      if (signal?.aborted === true) return void end(signal.reason).then(() => reject(signal.reason));
      const before = transport.usedMiB();
      const timer = setTimeout(() => {
        void end(new VernierError("engine.timeout", { engine: id, seconds: timeoutMs / 1000, stage }));
      }, timeoutMs);
      const watch = setInterval(() => {
        const grownMiB = (transport.usedMiB() ?? 0) - (before ?? 0);
        if (grownMiB > memoryMiB) void end(crashed(`it took more than ${Math.round(memoryMiB)} MiB`));
      }, 50);
      const abort = (): void => void end(signal?.reason);
      signal?.addEventListener("abort", abort);
      const finish = (): void => {
        clearTimeout(timer);
        clearInterval(watch);
        signal?.removeEventListener("abort", abort);
      };
      pending = {
        resolve: (answer) => (finish(), resolve(answer)),
        reject: (error) => (finish(), reject(error)),
        onCall,
        stage,
      };
      send();
    });
  const ask: Connection["ask"] = (request, onCall) => {
    const stage = request.kind === "predict" ? "predicting" : "tracing";
    const answer = queue.then(() => wait(stage, () => transport.send(request), onCall));
    queue = answer.catch(() => {});
    return answer.then((reply) => (reply.kind === "done" ? [...reply.outputs] : []));
  };
  const close = async (): Promise<void> => {
    await end(crashed("the session was closed"));
  };

  try {
    const ready = await wait("loading the model", () => {});
    if (ready.kind !== "ready")
      throw new VernierError("internal", { reason: "TF.js answered before it was asked" });
    const { inputs, outputs, hardware } = ready;
    return { described: { inputs, outputs }, hardware, ask, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Beyond four fifths of what the machine, or its container, has, the system ends processes as it likes. */
function defaultMemoryMiB(): number {
  const { constrainedMemory } = process as { constrainedMemory?: () => number };
  const limit = constrainedMemory?.() ?? 0;
  const total = totalmem();
  return (0.8 * (limit > 0 && limit < total ? limit : total)) / 2 ** 20;
}

/** JavaScript's and WebAssembly's ways to say that memory or the module's state is gone. */
const FATAL =
  /allocation failed|out of memory|memory access out of bounds|Aborted\(|Memory\.grow|unreachable|call stack/i;

function errorFrom(id: string, failure: Failure, stage: string): VernierError {
  if (failure.from === "vernier")
    return new VernierError(failure.code, failure.details as never, { where: failure.where });
  const { message } = failure;
  const reason = firstSentence(message);
  if (FATAL.test(message)) return new VernierError("engine.crashed", { engine: id, reason, stage });
  const known = refusalFor(message);
  if (known?.of === "input")
    return new VernierError("input.invalid", { reason: `${reason} (${known.why}; ${known.hint})` });
  const said = known === undefined ? {} : { why: known.why, hint: known.hint };
  return new VernierError("engine.refused", { engine: id, reason, ...said });
}
