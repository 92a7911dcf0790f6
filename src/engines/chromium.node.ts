/**
 * @file An installed Chromium that shows one page, without a window and without a driver: it is told what to show on its
 * command line, and says over a pipe when the page crashes or closes (the DevTools protocol). Nobody else can reach that.
 */

import type { Readable, Writable } from "node:stream";
import { isObject } from "../base/json.ts";
import { type Browser, findProgram, type ProgramPlaces, startProgram } from "./started-program.node.ts";

/** What users really run comes first; the shell without windows is made for this. */
const PLACES: ProgramPlaces = {
  variable: "VERNIER_CHROMIUM",
  names: ["google-chrome", "google-chrome-stable", "chromium", "chromium-browser", "chromium-headless-shell"],
  elsewhere: [
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
    "C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe",
  ],
};

/** `VERNIER_CHROMIUM`, else the first that is installed; null where there is none. */
export const findChromium = (env: NodeJS.ProcessEnv = process.env): string | null => findProgram(PLACES, env);

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
  const started = startProgram(program, (profile) => {
    // Chromium refuses to run as root within its sandbox.
    const asRoot = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
    return [...FLAGS, ...asRoot, ...flags, `--user-data-dir=${profile}`, "about:blank"];
  });
  const { child, ended, lastSaid, tell } = started;
  const pipe = devtools(child.stdio[3] as Writable, child.stdio[4] as Readable);
  const given = new Promise<never>((_, reject) => {
    const timer = setTimeout(() => reject(new Error(`it did not start within ${startMs / 1000} s`)), startMs);
    void ended.then((reason) => (clearTimeout(timer), reject(new Error(`${reason}${lastSaid()}`))));
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
    const version = String(product).replace(/^(?:HeadlessChrome|Chrome)\//, "Chromium ");
    return { version, onEnd: started.onEnd, usedMiB: started.usedMiB, close: started.close };
  } catch (error) {
    given.catch(() => {});
    await started.close();
    throw error;
  }
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
