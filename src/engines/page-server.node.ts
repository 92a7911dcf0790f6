/**
 * @file A server on loopback for one page: what it is made of, the requests to it and its replies, all from memory.
 *
 * Everything lies below a path that holds a random token, so that no other program of this machine finds it; anything
 * else is 404. The content security policy lets the page reach this server and nothing beyond.
 */

import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Frame, FrameDecoder } from "./protocol.ts";

export interface Served {
  readonly type: string;
  /** Made when it is asked for. */
  body(): Uint8Array | string;
}

export interface PageServer {
  readonly address: string;
  /** The next request that the page asks for. */
  send(frame: readonly Uint8Array[]): void;
  close(): Promise<void>;
}

/** A page asks again when nothing came for so long: no browser gives up earlier. */
const POLL_MS = 20_000;
const LOOPBACK = "127.0.0.1";

/** Rejects with the system's error when no port is free. `onFrame` may throw: the frame is then refused. */
export async function servePage(
  files: Readonly<Record<string, Served>>,
  onFrame: (frame: Frame) => void,
  port = 0,
): Promise<PageServer> {
  const prefix = `/${randomBytes(24).toString("base64url")}/`;
  const state: { host: string; queue: (readonly Uint8Array[])[]; waiting: ServerResponse | null } = {
    host: "",
    queue: [],
    waiting: null,
  };
  const next = (): void => {
    const { waiting } = state;
    const frame = waiting === null ? undefined : state.queue.shift();
    if (waiting === null || frame === undefined) return;
    state.waiting = null;
    respond(waiting, 200, "application/octet-stream", Buffer.concat(frame));
  };
  const poll = (response: ServerResponse): void => {
    state.waiting = response;
    const timer = setTimeout(() => {
      if (state.waiting !== response) return;
      state.waiting = null;
      respond(response, 204, null, "");
    }, POLL_MS);
    response.on("close", () => {
      clearTimeout(timer);
      if (state.waiting === response) state.waiting = null;
    });
    next();
  };
  const server = createServer((request, response) => {
    const { url = "", method, headers } = request;
    // Another name for this address is another page's (DNS rebinding).
    const name = headers.host === state.host && url.startsWith(prefix) ? url.slice(prefix.length) : null;
    const file = name !== null && method === "GET" && Object.hasOwn(files, name) ? files[name] : undefined;
    if (file !== undefined) respond(response, 200, file.type, file.body());
    else if (name === "request" && method === "GET") poll(response);
    else if (name === "reply" && method === "POST") void receive(request, response, onFrame);
    else respond(response, 404, "text/plain", "");
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, LOOPBACK, resolve);
  });
  state.host = `${LOOPBACK}:${(server.address() as AddressInfo).port}`;
  return {
    address: `http://${state.host}${prefix}`,
    send(frame) {
      state.queue.push(frame);
      next();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function receive(
  request: IncomingMessage,
  response: ServerResponse,
  onFrame: (frame: Frame) => void,
): Promise<void> {
  try {
    const decoder = new FrameDecoder();
    for await (const chunk of request as AsyncIterable<Uint8Array>)
      for (const frame of decoder.push(chunk)) onFrame(frame);
    respond(response, 204, null, "");
  } catch {
    // The page went away amid a frame, or it is none: whoever waits for it hears from the browser or the clock.
    respond(response, 400, null, "");
  }
}

const POLICY =
  "default-src 'none'; script-src 'self' 'unsafe-eval' 'wasm-unsafe-eval'; connect-src 'self'; worker-src 'self' blob:";

function respond(
  response: ServerResponse,
  status: number,
  type: string | null,
  body: Uint8Array | string,
): void {
  response.writeHead(status, {
    ...(type === null ? {} : { "content-type": type }),
    "content-security-policy": POLICY,
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    // Another site's page may neither read nor embed it.
    "cross-origin-resource-policy": "same-origin",
  });
  response.end(body);
}
