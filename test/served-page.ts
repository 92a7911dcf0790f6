/** @file A page of a test's own in Debian's Chromium, driven by playwright; what it can ask for is what `files` says. */

import { existsSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { delimiter, join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import type { TestContext } from "vitest";

const program = ["chromium-headless-shell", "chromium"]
  .flatMap((name) => (process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, name)))
  .find((path) => existsSync(path));

/** Where there is none, the test is skipped and the summary says why. */
export const needsChromium = ({ skip }: TestContext): void =>
  skip(program === undefined, "no Chromium on the PATH (scripts/setup-chromium)");

export interface ServedPage {
  readonly browser: Browser;
  readonly address: string;
  close(): Promise<void>;
}

/** Null where there is no Chromium. `files` by their path: "/", "/main.js". */
export async function servePageFiles(
  files: () => Promise<Readonly<Record<string, { readonly type: string; readonly body: string | Buffer }>>>,
): Promise<ServedPage | null> {
  if (program === undefined) return null;
  const served = await files();
  const server = createServer(({ url = "" }, response) => {
    const found = served[url];
    response.writeHead(found === undefined ? 404 : 200, { "content-type": found?.type ?? "text/plain" });
    response.end(found?.body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const browser = await chromium.launch({ executablePath: program });
  return {
    browser,
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async close() {
      await browser.close();
      server.close();
    },
  };
}
