/**
 * @file An installed Chromium that shows one page, without a window and without a driver: it is told what to show on its
 * command line, and says over a pipe when the page crashes or closes (the DevTools protocol). Nobody else can reach that.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { isObject } from "../base/json.ts";
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

/** What users really run comes first; the shell without windows is made for this. */
const NAMES = [
  "google-chrome",
  "google-chrome-stable",
  "chromium",
  "chromium-browser",
  "chromium-headless-shell",
];
const ELSEWHERE = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
  "C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe",
];

/** `VERNIER_CHROMIUM`, else the first that is installed; null where there is none. */
export function findChromium(env: NodeJS.ProcessEnv = process.env): string | null {
  const named = env["VERNIER_CHROMIUM"];
  if (named !== undefined && named !== "") return existsSync(named) ? named : null;
  const folders = (env["PATH"] ?? "").split(delimiter);
  const onPath = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)));
  return [...onPath, ...ELSEWHERE].find((path) => existsSync(path)) ?? null;
}

/** WebGL and WebGPU where no GPU is; no traffic of the browser's own; no name is looked up. */
const FLAGS = [
  "--headless",
  "--remote-debugging-pipe",
  "--no-first-run",
  "--no-default-browser-check",
  "--disable-extensions",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-domain-reliability",
  "--disable-sync",
  "--disable-quic",
  "--disable-breakpad",
  "--disable-dev-shm-usage",
  "--disable-hang-monitor",
  "--disable-renderer-backgrounding",
  "--metrics-recording-only",
  "--mute-audio",
  "--no-proxy-server",
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
  "--enable-unsafe-swiftshader",
  "--enable-unsafe-webgpu",
];

/** Rejects with an error that says what the browser said when it does not start. */
export async function showInChromium(
  program: string,
  address: string,
  { flags = [], startMs = 30_000 }: { readonly flags?: readonly string[]; readonly startMs?: number } = {},
): Promise<Browser> {
  // A profile of its own: no history, no extensions, and nothing stays.
  const profile = mkdtempSync(join(tmpdir(), "vernier-browser-"));
  // Chromium refuses to run as root within its sandbox.
  const asRoot = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  const child = spawn(program, [...FLAGS, ...asRoot, ...flags, `--user-data-dir=${profile}`, "about:blank"], {
    stdio: ["ignore", "ignore", "pipe", "pipe", "pipe"],
    detached: process.platform !== "win32",
    env: { ...process.env, HOME: profile },
  });
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(`the browser ended (${signal ?? `exit code ${code}`})`));
  });
  const stderr = lastOf(child.stderr as Readable);
  const listeners: ((reason: string) => void)[] = [];
  const state: { reason: string | null; closing: Promise<void> | null } = { reason: null, closing: null };
  const tell = (reason: string): void => {
    if (state.reason !== null || state.closing !== null) return;
    state.reason = reason;
    for (const told of listeners) told(reason);
  };
  const close = (): Promise<void> => {
    state.closing ??= endGroup(child, ended, profile);
    return state.closing;
  };
  void ended.then(tell);
  const onExit = (): void => kill(child);
  process.once("exit", onExit);
  void ended.then(() => process.removeListener("exit", onExit));

  const pipe = devtools(child.stdio[3] as Writable, child.stdio[4] as Readable);
  const given = new Promise<never>((_, reject) => {
    const timer = setTimeout(() => reject(new Error(`it did not start within ${startMs / 1000} s`)), startMs);
    void ended.then((reason) => (clearTimeout(timer), reject(new Error(`${reason}${stderr()}`))));
    void pipe.ask("Browser.getVersion").then(
      () => clearTimeout(timer),
      () => {},
    );
  });
  try {
    const { product } = await Promise.race([pipe.ask("Browser.getVersion"), given]);
    const { targetId } = await Promise.race([pipe.ask("Target.createTarget", { url: address }), given]);
    pipe.listen(({ method, params }) => {
      const target = isObject(params) ? params["targetId"] : undefined;
      if (target !== targetId) return;
      if (method === "Target.targetCrashed") tell("the page crashed");
      if (method === "Target.targetDestroyed") tell("the page was closed");
    });
    await Promise.race([pipe.ask("Target.setDiscoverTargets", { discover: true }), given]);
    given.catch(() => {});
    return {
      version: String(product).replace(/^(?:HeadlessChrome|Chrome)\//, "Chromium "),
      onEnd(told) {
        if (state.reason === null) listeners.push(told);
        else told(state.reason);
      },
      usedMiB: memoryOf(child.pid),
      close,
    };
  } catch (error) {
    given.catch(() => {});
    await close();
    throw error;
  }
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

interface Message {
  readonly id?: unknown;
  readonly method?: unknown;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: unknown;
}

/** The DevTools protocol over two pipes: JSON, each message ended by a zero byte. */
function devtools(
  input: Writable,
  output: Readable,
): {
  ask(method: string, params?: object): Promise<Record<string, unknown>>;
  listen(to: (event: Message) => void): void;
} {
  const asked = new Map<
    number,
    { resolve(result: Record<string, unknown>): void; reject(error: Error): void }
  >();
  const listeners: ((event: Message) => void)[] = [];
  const state = { rest: "", count: 0 };
  output.setEncoding("utf8");
  output.on("data", (text: string) => {
    const messages = (state.rest + text).split("\0");
    state.rest = messages.pop() ?? "";
    for (const message of messages.map((one) => JSON.parse(one) as Message)) {
      const waiting = asked.get(Number(message.id));
      if (waiting === undefined) for (const told of listeners) told(message);
      else if (isObject(message.error)) waiting.reject(new Error(String(message.error["message"])));
      else waiting.resolve(isObject(message.result) ? message.result : {});
      asked.delete(Number(message.id));
    }
  });
  // A browser that is gone closes its pipes: `exit` tells of it.
  for (const stream of [input, output]) stream.on("error", () => {});
  return {
    ask(method, params = {}) {
      const id = ++state.count;
      input.write(`${JSON.stringify({ id, method, params })}\0`);
      return new Promise((resolve, reject) => asked.set(id, { resolve, reject }));
    },
    listen: (to) => void listeners.push(to),
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

/** Chromium's processes are one group, which ends at once: its page is not asked. */
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
