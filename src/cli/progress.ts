/** @file One line on standard error while something takes longer than 2 s; gone when it ends. */

import type { Reporter } from "../explain/options.ts";

/** Whoever waits less than this needs no line. */
const DELAY_MS = 2_000;

export interface ProgressLine extends Reporter {
  clear(): void;
}

export function progressLine(wanted: boolean): ProgressLine {
  const stream = process.stderr;
  if (!wanted || !stream.isTTY) return { stage() {}, progress() {}, clear() {} };
  const started = performance.now();
  const state = { text: "", shown: false };
  const draw = (): void => {
    if (performance.now() - started < DELAY_MS) return;
    state.shown = true;
    stream.write(`\r\u001b[K${state.text.slice(0, Math.max(20, (stream.columns ?? 80) - 1))}`);
  };
  const timer = setInterval(draw, 500);
  timer.unref();
  const stage = { name: "" };
  return {
    stage(name, detail) {
      stage.name = detail === undefined ? name : `${name}: ${detail}`;
      state.text = `  ${stage.name} …`;
      draw();
    },
    progress(done, total) {
      state.text = `  ${stage.name} … ${done} of ${total}`;
      draw();
    },
    clear() {
      clearInterval(timer);
      if (state.shown) stream.write("\r\u001b[K");
    },
  };
}
