/**
 * @file TF.js in a page of an installed browser, as a session's transport. The page runs the project's TF.js from the
 * files that browsers get (`dist/tf-core.min.js` and its like), so that no bundler comes between.
 */

import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { VernierError } from "../base/errors.ts";
import { scriptText } from "../base/worker.node.ts";
import { findChromium, showInChromium } from "./chromium.node.ts";
import type { EngineModel } from "./engine.ts";
import { findFirefox, showInFirefox } from "./firefox.node.ts";
import { type PageServer, type Served, servePage } from "./page-server.node.ts";
import type { Browser } from "./started-program.node.ts";
import { readArtifacts } from "./tfjs-files.node.ts";
import { decodeReply, encodeRequest } from "./tfjs-frames.ts";
import type { PageStart, Reply, Transport } from "./tfjs-protocol.ts";
import type { TfjsFound } from "./tfjs-resolve.node.ts";

export interface PageOptions {
  readonly id: string;
  readonly backend: string;
  readonly flags: PageStart["flags"];
  /** @default "chromium" */
  readonly browser?: keyof typeof BROWSERS;
  /** Of Chromium, beyond what every page of ours needs. */
  readonly browserFlags?: readonly string[];
  readonly program?: string;
  readonly port?: number;
}

export async function startPage(
  found: TfjsFound,
  model: EngineModel | null,
  options: PageOptions,
): Promise<Transport> {
  const { id, backend, flags, browserFlags = [], port } = options;
  const browserKind: BrowserKind = BROWSERS[options.browser ?? "chromium"];
  const program = options.program ?? browserKind.find();
  if (program === null) throw unavailable(id, browserKind.missing, browserKind.install);
  const scripts = scriptsOf(id, found);
  const wasm = wasmOf(backend, found);
  const start: PageStart = {
    id,
    backend,
    graph: model?.format === "tfjs-graph",
    hasModel: model !== null,
    flags,
    wasm: Object.fromEntries(Object.keys(wasm).map((name) => [name, name])),
    remedy: browserKind.remedy,
  };
  const files: Record<string, Served> = {
    "": { type: "text/html", body: () => shell([...Object.keys(scripts), "page.js"]) },
    ...scripts,
    ...wasm,
    "page.js": {
      type: "text/javascript",
      body: constant(await scriptText("tfjs-page.browser", import.meta.url)),
    },
    "start.json": json(start),
    ...(model === null ? {} : modelFiles(model.path)),
  };
  const heard: { reply: (reply: Reply) => void; ended: (reason: string) => void } = {
    reply: () => {},
    ended: () => {},
  };
  const early: Reply[] = [];
  heard.reply = (reply) => early.push(reply);
  const server = await serverFor(id, files, (reply) => heard.reply(reply), port);
  try {
    const browser = await browserKind.show(program, server.address, { backend, flags: browserFlags });
    return {
      listen(to) {
        heard.reply = (reply) => to.reply(withBrowser(reply, browser.version));
        for (const reply of early.splice(0)) heard.reply(reply);
        browser.onEnd(to.ended);
      },
      send: (request) => server.send(encodeRequest(request)),
      async stop() {
        await browser.close();
        await server.close();
      },
      usedMiB: browser.usedMiB,
    };
  } catch (error) {
    await server.close();
    const reason = `${program} does not start: ${error instanceof Error ? error.message : String(error)}`;
    throw unavailable(id, reason, `name another browser: ${browserKind.named}=/path/to/it`);
  }
}

interface BrowserKind {
  readonly missing: string;
  readonly install: string;
  /** The environment variable that names one. */
  readonly named: string;
  find(): string | null;
  /** Where `backend` does not start in one that is installed. */
  readonly remedy: string;
  show(
    program: string,
    address: string,
    options: { readonly backend: string; readonly flags: readonly string[] },
  ): Promise<Browser>;
}

const BROWSERS = {
  chromium: {
    missing: "no Chromium or Chrome is installed",
    install:
      "install one (Debian: apt install chromium-headless-shell), or name it: VERNIER_CHROMIUM=/path/to/chromium",
    named: "VERNIER_CHROMIUM",
    find: () => findChromium(),
    remedy: "try another backend, or another browser (VERNIER_CHROMIUM=/path/to/it)",
    show: (program, address, { flags }) => showInChromium(program, address, { flags }),
  },
  firefox: {
    missing: "no Firefox is installed",
    install: "install it (Debian: apt install firefox-esr), or name it: VERNIER_FIREFOX=/path/to/firefox",
    named: "VERNIER_FIREFOX",
    find: () => findFirefox(),
    remedy:
      "try another backend, or another Firefox (VERNIER_FIREFOX=/path/to/it); on a Linux without a display its WebGL needs Xvfb and its WebGPU a driver (Debian: apt install xvfb libgl1-mesa-dri mesa-vulkan-drivers)",
    show: (program, address, { backend }) => showInFirefox(program, address, backend === "webgl"),
  },
} satisfies Readonly<Record<string, BrowserKind>>;

const unavailable = (engine: string, reason: string, remedy: string): VernierError =>
  new VernierError("engine.unavailable", { engine, reason, remedy });

async function serverFor(
  id: string,
  files: Readonly<Record<string, Served>>,
  onReply: (reply: Reply) => void,
  port: number | undefined,
): Promise<PageServer> {
  try {
    return await servePage(files, (frame) => onReply(decodeReply(frame)), port);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw unavailable(
      id,
      `no port of 127.0.0.1 can be opened (${reason})`,
      "let programs listen on loopback",
    );
  }
}

const shell = (scripts: readonly string[]): string =>
  `<!doctype html><meta charset="utf-8"><title>Vernier</title>${scripts
    .map((name) => `<script src="${name}"></script>`)
    .join("")}`;

const constant = (text: string) => (): string => text;
const json = (value: unknown): Served => ({ type: "application/json", body: () => JSON.stringify(value) });
const script = (path: string): Served => ({ type: "text/javascript", body: () => readFileSync(path) });

/** "…/tfjs-core/dist/tf-core.node.js" → "…/tfjs-core/dist/tf-core.min.js": browsers get it by that name in every version. */
function scriptsOf(id: string, { core, loader, backend }: TfjsFound): Record<string, Served> {
  const paths = [core, loader, ...(backend === null ? [] : [backend])].map((path) => {
    const dist = dirname(path);
    const name = `${path
      .split(/[\\/]@tensorflow[\\/]/)
      .at(-1)
      ?.split(/[\\/]/)[0]
      ?.replace(/^tfjs/, "tf")}.min.js`;
    const built = join(dist, name);
    if (existsSync(built)) return built;
    throw unavailable(
      id,
      `the TF.js found has no ${name}`,
      "install TF.js from npm, or name another with --tfjs",
    );
  });
  return Object.fromEntries(paths.map((path, i) => [`tf-${i}.js`, script(path)]));
}

function wasmOf(backend: string, found: TfjsFound): Record<string, Served> {
  if (backend !== "wasm" || found.backend === null) return {};
  const dist = dirname(found.backend);
  const names = ["", "-simd", "-threaded-simd"].map((variant) => `tfjs-backend-wasm${variant}.wasm`);
  return Object.fromEntries(
    names
      .filter((name) => existsSync(join(dist, name)))
      .map((name) => [name, { type: "application/wasm", body: () => readFileSync(join(dist, name)) }]),
  );
}

/** Read at once, so that a file that cannot be read is said before a browser starts; given away when asked for. */
function modelFiles(path: string): Record<string, Served> {
  const { weightData, ...described } = readArtifacts(path);
  const held = { weights: weightData };
  if (weightData === undefined) return { "model.json": json(described) };
  const body = (): Uint8Array => {
    const bytes = new Uint8Array(held.weights as ArrayBuffer);
    held.weights = undefined;
    return bytes;
  };
  return { "model.json": json(described), "weights.bin": { type: "application/octet-stream", body } };
}

const withBrowser = (reply: Reply, version: string): Reply =>
  reply.kind !== "ready"
    ? reply
    : { ...reply, hardware: reply.hardware === null ? version : `${reply.hardware}, ${version}` };
