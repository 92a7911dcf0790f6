/** @file A display in memory (Xvfb), for a browser that draws with a GPU's library only into a window. */

import type { Readable } from "node:stream";
import { findProgram, startProgram } from "./started-program.node.ts";

export interface VirtualDisplay {
  /** What a program's environment needs to draw there, in software. */
  readonly env: NodeJS.ProcessEnv;
  close(): Promise<void>;
}

/** The first that is installed; null where there is none. */
export const findXvfb = (env: NodeJS.ProcessEnv = process.env): string | null =>
  findProgram({ variable: "VERNIER_XVFB", names: ["Xvfb"], elsewhere: [] }, env);

/** Rejects with what it said when it does not start. It ends when its last window does. */
export async function startDisplay(program: string): Promise<VirtualDisplay> {
  // "3": where it writes the number of the display that it took, the first that is free.
  const started = startProgram(program, () => ["-displayfd", "3", "-terminate", "-nolisten", "tcp"]);
  const number = await firstLine(started.child.stdio[3] as Readable);
  if (number === null) {
    // Its end closes the stream.
    const reason = await started.ended;
    await started.close();
    throw new Error(`${reason}${started.lastSaid()}`);
  }
  return {
    env: { DISPLAY: `:${number}`, LIBGL_ALWAYS_SOFTWARE: "1" },
    async close() {
      // It takes its lock file with it when it is asked to end; killed, it leaves it.
      started.child.kill("SIGTERM");
      await Promise.race([started.ended, new Promise((resolve) => setTimeout(resolve, 2000).unref())]);
      await started.close();
    },
  };
}

/** null where it ends without one. */
async function firstLine(stream: Readable): Promise<string | null> {
  let text = "";
  stream.setEncoding("utf8");
  for await (const piece of stream) {
    text += piece;
    const end = text.indexOf("\n");
    if (end >= 0) return text.slice(0, end);
  }
  return null;
}
