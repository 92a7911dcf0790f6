/** @file Cases over a few child processes: a child that crashes or hangs costs its case, is counted, and is replaced. */

import { fork } from "node:child_process";
import { createHash } from "node:crypto";
import { join } from "node:path";

/** A case of up to five small files takes about a second; a machine under load ten times that. */
const CASE_LIMIT_MS = 120_000;
/** TF.js and WebAssembly never give memory back. */
const CASES_PER_CHILD = 150;

/** `settle(row, results)` is called for each case, one at a time. */
export async function inChildren(cases, { jobs, ...settings }, settle) {
  const waiting = cases.toSorted((x, y) => (placeOf(x) < placeOf(y) ? -1 : 1));
  let settling = Promise.resolve();
  const hand = (row, results) => {
    settling = settling.then(() => settle(row, results));
    return settling;
  };
  await Promise.all(Array.from({ length: jobs }, () => lane(waiting, settings, hand)));
}

/** Shuffled, so that any part of a run stands for the whole. */
const placeOf = ({ id }) => createHash("sha256").update(id).digest("hex");

async function lane(waiting, settings, hand) {
  let child = null;
  let done = 0;
  try {
    for (let row = waiting.pop(); row !== undefined; row = waiting.pop()) {
      if (child === null || done >= CASES_PER_CHILD) {
        child?.kill("SIGKILL");
        child = start(settings);
        done = 0;
      }
      const answer = await child.ask(row);
      done++;
      if (answer.died !== undefined) child = null;
      await hand(row, answer.results ?? crashed(row, answer));
    }
  } finally {
    child?.kill("SIGKILL");
  }
}

/** The files that the child had answered for keep their results; the one it died on has crashed. */
function crashed(row, { died, partial }) {
  const at = partial.length;
  return row.files
    .slice(0, at + 1)
    .map(({ file }, i) =>
      i < at
        ? partial[i]
        : { id: row.id, source: row.source, file, status: "crashed", reason: died, back: [] },
    );
}

function start(settings) {
  const child = fork(join(import.meta.dirname, "child.mjs"), [], {
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    serialization: "advanced",
    execArgv: ["--max-old-space-size=2048"],
  });
  let words = "";
  child.stderr.on("data", (data) => {
    words = (words + data).slice(-2000);
  });
  const ask = (row) =>
    new Promise((resolve) => {
      const partial = [];
      const end = (answer) => {
        clearTimeout(timer);
        child.removeAllListeners("message");
        child.removeAllListeners("exit");
        resolve(answer);
      };
      const timer = setTimeout(() => {
        child.kill("SIGKILL");
        end({ died: `no answer within ${CASE_LIMIT_MS / 1000} s`, partial });
      }, CASE_LIMIT_MS);
      child.on("message", (message) => {
        if (message.done) end({ results: partial });
        else partial.push(message);
      });
      child.on("exit", (code, signal) =>
        end({ died: `the process ended (${signal ?? code}): ${words.trim().split("\n").at(-1)}`, partial }),
      );
      child.send({ row, ...settings });
    });
  return { ask, kill: (signal) => (child.removeAllListeners("exit"), child.kill(signal)) };
}
