/** @file One Python with real Keras for the whole run: asked line by line, replaced when it dies or does not answer. */

import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";

const ASK_LIMIT_MS = 120_000;

export function openKeras(python) {
  let process_ = null;
  const start = () => {
    const child = spawn(python, [join(import.meta.dirname, "../../python/open_models.py")], {
      stdio: ["pipe", "pipe", "ignore"],
    });
    child.stdin.on("error", () => {});
    return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
  };
  return {
    /** Gives `{ outputs: paths }`, or `{ error, crashed? }`. */
    async ask(question) {
      process_ ??= start();
      const { child, lines } = process_;
      child.stdin.write(`${JSON.stringify(question)}\n`);
      let timer;
      const late = new Promise((resolve) => {
        timer = setTimeout(() => resolve(null), ASK_LIMIT_MS);
      });
      const answer = await Promise.race([lines.next(), late]);
      clearTimeout(timer);
      if (answer !== null && !answer.done) return JSON.parse(answer.value);
      child.kill("SIGKILL");
      process_ = null;
      return {
        error: answer === null ? `no answer within ${ASK_LIMIT_MS / 1000} s` : "the Python ended",
        crashed: true,
      };
    },
    async close() {
      if (process_ === null) return;
      const { child } = process_;
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.stdin.end();
      setTimeout(() => child.kill("SIGKILL"), 5_000).unref();
      await gone;
    },
  };
}
