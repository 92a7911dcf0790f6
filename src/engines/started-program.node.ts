/** @file A program that we started, a browser or its screen: one group of processes, with a folder that goes with it. */

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, delimiter, join } from "node:path";
import type { Readable } from "node:stream";
import { memoryOfGroupMiB, runningInGroup } from "./process-group.node.ts";

export interface Browser {
  /** "Chromium 156.0.8078.79". */
  readonly version: string;
  /** The page crashed, its tab was closed, or the whole browser ended. */
  onEnd(told: (reason: string) => void): void;
  usedMiB(): number | null;
  /** Resolves when none of its processes runs any more. */
  close(): Promise<void>;
}

/** Where a program is looked for. */
export interface ProgramPlaces {
  /** The environment variable that names one. */
  readonly variable: string;
  /** On the PATH, the first choice first. */
  readonly names: readonly string[];
  readonly elsewhere: readonly string[];
}

/** The one that the variable names, else the first that is installed; null where there is none. */
export function findProgram(
  { variable, names, elsewhere }: ProgramPlaces,
  env: NodeJS.ProcessEnv,
): string | null {
  const named = env[variable];
  if (named !== undefined && named !== "") return existsSync(named) ? named : null;
  const folders = (env["PATH"] ?? "").split(delimiter);
  const onPath = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  return [...onPath, ...elsewhere].find((path) => existsSync(path)) ?? null;
}

export interface StartedProgram extends Omit<Browser, "version"> {
  readonly child: ChildProcess;
  /** Why it ended. */
  readonly ended: Promise<string>;
  /** ": …" for an error's message. */
  lastSaid(): string;
  /** Tells whoever listens with `onEnd`, once. */
  tell(reason: string): void;
}

/** `argsFor` gets its home: a new folder, so that there is no history, no extensions, and nothing stays. */
export function startProgram(
  program: string,
  argsFor: (profile: string) => readonly string[],
  more: NodeJS.ProcessEnv = {},
): StartedProgram {
  const profile = mkdtempSync(join(tmpdir(), "vernier-browser-"));
  const child = spawn(program, argsFor(profile), {
    // Chromium is spoken to on the two last ones.
    stdio: ["ignore", "ignore", "pipe", "pipe", "pipe"],
    detached: process.platform !== "win32",
    env: { ...process.env, HOME: profile, ...more },
  });
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) =>
      resolve(`${basename(program)} ended (${signal ?? `exit code ${code}`})`),
    );
  });
  const lastSaid = lastOf(child.stderr as Readable);
  const listeners: ((reason: string) => void)[] = [];
  const state: { reason: string | null; closing: Promise<void> | null } = { reason: null, closing: null };
  const tell = (reason: string): void => {
    if (state.reason !== null || state.closing !== null) return;
    state.reason = reason;
    for (const told of listeners) told(reason);
  };
  void ended.then(tell);
  const onExit = (): void => kill(child);
  process.once("exit", onExit);
  void ended.then(() => process.removeListener("exit", onExit));
  return {
    child,
    ended,
    lastSaid,
    tell,
    onEnd(told) {
      if (state.reason === null) listeners.push(told);
      else told(state.reason);
    },
    usedMiB: memoryOf(child.pid),
    close() {
      state.closing ??= endGroup(child, ended, profile);
      return state.closing;
    },
  };
}

/** Asking takes some milliseconds: twice a second is enough. */
function memoryOf(group: number | undefined): () => number | null {
  const last = { at: Number.NEGATIVE_INFINITY, mib: null as number | null };
  return () => {
    if (group === undefined || performance.now() - last.at < 500) return last.mib;
    last.mib = memoryOfGroupMiB(group);
    last.at = performance.now();
    return last.mib;
  };
}

/** What it last said on standard error, for an error's message. */
function lastOf(stderr: Readable): () => string {
  const state = { text: "" };
  stderr.setEncoding("utf8");
  stderr.on("data", (text: string) => {
    state.text = (state.text + text).slice(-2000);
  });
  return () => {
    const line = state.text
      .trim()
      .split("\n")
      .filter((one) => /error|fatal|cannot|sandbox/i.test(one))
      .at(-1);
    return line === undefined ? "" : `: ${line.trim().slice(0, 300)}`;
  };
}

/** Its processes are one group, which ends at once: its page is not asked. */
async function endGroup(child: ChildProcess, ended: Promise<string>, profile: string): Promise<void> {
  kill(child);
  await ended;
  const { pid } = child;
  while (pid !== undefined && (runningInGroup(pid)?.length ?? 0) > 0)
    await new Promise((next) => setTimeout(next, 5));
  // Its processes may still write while they end.
  rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
}

function kill(child: ChildProcess): void {
  try {
    if (child.pid !== undefined && process.platform !== "win32") process.kill(-child.pid, "SIGKILL");
    else child.kill("SIGKILL");
  } catch {
    // It has ended already.
  }
}
