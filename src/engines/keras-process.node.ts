/**
 * @file One Python process and the requests made to it, one at a time.
 *
 * Whatever ends it early (timeout, crash, too much memory, text on its protocol stream, abort) ends its whole process
 * group, and every later request fails with the same error: a runtime stopped amid a call has no state to trust.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { isVernierError, VernierError } from "../base/errors.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { encodeFrame, type Frame, FrameDecoder } from "./protocol.ts";

/** The other half; the package ships it beside `dist`, the repository beside `src`. */
export const SCRIPT = fileURLToPath(new URL("../../python/vernier_keras.py", import.meta.url));

/** What the process wrote last on standard error is kept for the error message. */
const STDERR_BYTES = 8192;
/** After `close` it only has to leave; TensorFlow's threads are not waited for. */
const CLOSE_TIMEOUT_MS = 2000;

export interface ProcessOptions {
  readonly engine: string;
  readonly command: string;
  readonly args?: readonly string[];
  readonly env?: { readonly [name: string]: string };
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

export interface Question {
  readonly header: { readonly type: string; readonly [key: string]: unknown };
  readonly tensors?: readonly Tensor[];
  /** "predicting", for messages. */
  readonly stage: string;
  /** Frames of this type come before the answer. */
  readonly onCall?: (frame: Frame) => void;
}

export class KerasProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #options: ProcessOptions;
  readonly #ended: Promise<void>;
  #queue: Promise<unknown> = Promise.resolve();
  #pending: { resolve(frame: Frame): void; reject(error: unknown): void; question: Question } | null = null;
  #thrown: { error: unknown } | null = null;
  #dead: { error: unknown } | null = null;
  #stderr = "";

  constructor(options: ProcessOptions) {
    this.#options = options;
    const { command, args = [], env = {} } = options;
    // A group of its own, so that what the process starts ends with it.
    this.#child = spawn(command, [...args, SCRIPT], {
      stdio: ["pipe", "pipe", "pipe"],
      detached: process.platform !== "win32",
      env: { ...process.env, ...env },
      windowsHide: true,
    });
    const killAtExit = (): void => this.#kill();
    process.once("exit", killAtExit);
    this.#ended = new Promise((resolve) => {
      this.#child.once("error", (error) => {
        this.#die(this.#unavailable(error));
        resolve();
      });
      this.#child.once("close", (code, signal) => {
        process.off("exit", killAtExit);
        this.#die(
          this.#crashed(
            `it ended ${signal === null ? `with code ${code}` : `by ${signal}`}${this.#lastWords()}`,
          ),
        );
        resolve();
      });
    });
    this.#listen();
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Sends a request and waits for its answer; `error` answers are returned like any other. */
  ask(question: Question): Promise<Frame> {
    const answer = this.#queue.then(() => this.#askNow(question));
    this.#queue = answer.catch(() => {});
    return answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#dead ??= { error: this.#crashed("the session was closed") };
    this.#fail();
    const timer = setTimeout(() => this.#kill(), CLOSE_TIMEOUT_MS);
    this.#child.stdin?.end(Buffer.concat(encodeFrame({ type: "close" })));
    await this.#ended;
    clearTimeout(timer);
    this.#kill();
  }

  #askNow(question: Question): Promise<Frame> {
    const { signal, timeoutMs, engine } = this.#options;
    return new Promise<Frame>((resolve, reject) => {
      if (this.#dead !== null) return reject(this.#dead.error);
      if (signal?.aborted === true) return void this.#end(signal.reason).then(() => reject(signal.reason));
      const timer = setTimeout(() => {
        void this.#end(
          new VernierError("engine.timeout", { engine, seconds: timeoutMs / 1000, stage: question.stage }),
        );
      }, timeoutMs);
      const abort = (): void => void this.#end(signal?.reason);
      signal?.addEventListener("abort", abort);
      const finish = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", abort);
      };
      this.#pending = {
        question,
        resolve: (frame) => (finish(), resolve(frame)),
        reject: (error) => (finish(), reject(error)),
      };
      for (const piece of encodeFrame(question.header, question.tensors)) this.#child.stdin?.write(piece);
    });
  }

  #listen(): void {
    const decoder = new FrameDecoder();
    const { stdin, stdout, stderr } = this.#child;
    // Writing to a process that has gone is told by its `close`.
    stdin?.on("error", () => {});
    stderr?.on("data", (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString("utf8")).slice(-STDERR_BYTES);
    });
    stdout?.on("data", (chunk: Buffer) => {
      if (this.#dead !== null) return;
      try {
        for (const frame of decoder.push(chunk)) this.#receive(frame);
      } catch (error) {
        const reason = isVernierError(error) ? error.message : String(error);
        void this.#end(this.#crashed(reason, error));
      }
    });
  }

  #receive(frame: Frame): void {
    const pending = this.#pending;
    if (frame.type === "call") {
      // What the caller throws waits until the process is done; then it is the answer.
      try {
        if (this.#thrown === null) pending?.question.onCall?.(frame);
      } catch (error) {
        this.#thrown = { error };
      }
      return;
    }
    const thrown = this.#thrown;
    this.#pending = this.#thrown = null;
    if (thrown === null) pending?.resolve(frame);
    else pending?.reject(thrown.error);
  }

  /** Ends the process first, then tells: when a caller hears of it, nothing runs any more. */
  async #end(error: unknown): Promise<void> {
    this.#dead ??= { error };
    this.#kill();
    await this.#ended;
    this.#fail();
  }

  #die(error: unknown): void {
    this.#dead ??= { error };
    this.#kill();
    this.#fail();
  }

  #fail(): void {
    const pending = this.#pending;
    this.#pending = null;
    if (this.#dead !== null) pending?.reject(this.#dead.error);
  }

  /** The group may outlive its first process. */
  #kill(): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      if (process.platform === "win32") this.#child.kill("SIGKILL");
      else process.kill(-pid, "SIGKILL");
    } catch {
      // It has gone already.
    }
  }

  #crashed(reason: string, cause?: unknown): VernierError {
    const { engine } = this.#options;
    const stage = this.#pending?.question.stage ?? "idle";
    return new VernierError("engine.crashed", { engine, reason, stage }, { cause });
  }

  #unavailable(error: Error): VernierError {
    const { engine, command } = this.#options;
    const remedy = "name another Python with --python or VERNIER_PYTHON";
    return new VernierError(
      "engine.unavailable",
      { engine, reason: `${command}: ${error.message}`, remedy },
      { cause: error },
    );
  }

  #lastWords(): string {
    const lines = this.#stderr.split("\n").map((line) => line.trim());
    const last = lines.filter((line) => line !== "").at(-1);
    return last === undefined ? "" : `: ${last.slice(0, 300)}`;
  }
}
