/** @file The processes of the browsers that a test file starts: found by the folder that holds their profiles. */

import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "vitest";
import { runningInGroup } from "../../src/engines/process-group.node.ts";

const read = (path: string): string => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // It has ended meanwhile.
    return "";
  }
};
const commandOf = (pid: number | string): string => read(`/proc/${pid}/cmdline`).replaceAll("\0", " ");

export interface BrowserProcesses {
  /** Where `TMPDIR` has to point for these to be found. */
  readonly folder: string;
  /** Running now, of all browsers that were seen so far. */
  running(): number[];
  /** By Chromium's own word: "gpu-process", "renderer". */
  ofType(type: string): number[];
}

export function browserProcesses(): BrowserProcesses {
  const folder = mkdtempSync(join(tmpdir(), "vernier-browsers-"));
  const groups = new Set<number>();
  const running = (): number[] => {
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
      if (!read(`/proc/${pid}/environ`).includes(`HOME=${folder}`)) continue;
      const stat = read(`/proc/${pid}/stat`);
      groups.add(Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[2]));
    }
    return [...groups].flatMap((group) => runningInGroup(group) ?? []);
  };
  return {
    folder,
    running,
    ofType: (type) => running().filter((pid) => commandOf(pid).includes(`--type=${type}`)),
  };
}

export interface WatchedBrowsers extends BrowserProcesses {
  /** No process and no profile of them is there any more. */
  nothingLeft(): Promise<void>;
}

/** Of all tests of a file: their browsers keep their profiles in a folder of their own, which goes with the file. */
export function watchedBrowsers(): WatchedBrowsers {
  const processes = browserProcesses();
  const { folder } = processes;
  const before = process.env["TMPDIR"];
  beforeAll(() => {
    process.env["TMPDIR"] = folder;
  });
  afterAll(() => {
    if (before === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = before;
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    ...processes,
    async nothingLeft() {
      await expect.poll(processes.running).toEqual([]);
      // The profile goes once the last process that may write to it has ended.
      const profiles = (): string[] =>
        readdirSync(folder).filter((name) => name.startsWith("vernier-browser-"));
      await expect.poll(profiles).toEqual([]);
    },
  };
}
