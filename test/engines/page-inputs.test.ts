/**
 * @file A page feeds a model in the right way, or with one of five usual mistakes: from `saveInput` in a real Chromium,
 * its download, and what Python fed (real Pillow, python/make_page_inputs.py) to the sentence that names the mistake.
 */

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { rolldown } from "rolldown";
import { afterAll, beforeAll, expect, type TestContext, test } from "vitest";
import type { Way } from "./page-inputs/main.ts";

const ROOT = join(import.meta.dirname, "../..");
const FIXTURES = join(ROOT, "test/fixtures/page-inputs");
const program = ["chromium-headless-shell", "chromium"]
  .flatMap((name) => (process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, name)))
  .find((path) => existsSync(path));
const needsChromium = ({ skip }: TestContext): void =>
  skip(program === undefined, "no Chromium on the PATH (scripts/setup-chromium)");

const folder = mkdtempSync(join(tmpdir(), "vernier-page-inputs-"));
let server: Server | undefined;
let browser: Browser | undefined;
let address = "";

beforeAll(async () => {
  if (program === undefined) return;
  const build = await rolldown({
    input: join(import.meta.dirname, "page-inputs/main.ts"),
    platform: "browser",
    logLevel: "silent",
  });
  const { output } = await build.generate({ format: "iife" });
  await build.close();
  const served: Record<string, readonly [type: string, body: string | Buffer]> = {
    "/": [
      "text/html",
      '<!doctype html><meta charset="utf-8"><img src="photo.png"><script src="main.js"></script>',
    ],
    "/main.js": ["text/javascript", output[0].code],
    "/photo.png": ["image/png", readFileSync(join(FIXTURES, "photo.png"))],
  };
  server = createServer(({ url = "" }, response) => {
    const [type, body] = served[url] ?? ["text/plain", ""];
    response.writeHead(served[url] === undefined ? 404 : 200, { "content-type": type });
    response.end(body);
  });
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  browser = await chromium.launch({ executablePath: program });
});

afterAll(async () => {
  await browser?.close();
  server?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Where the browser has put the page's download. */
async function fedBy(way: Way): Promise<string> {
  const page = await (browser as Browser).newPage();
  try {
    await page.goto(address);
    const download = page.waitForEvent("download");
    await page.evaluate(
      (how) => (globalThis as unknown as { feed(way: string): Promise<void> }).feed(how),
      way,
    );
    const saved = await download;
    expect(saved.suggestedFilename()).toBe("page.npy");
    const path = join(folder, `${way.replace(/\W+/g, "-")}.npy`);
    await saved.saveAs(path);
    return path;
  } finally {
    await page.close();
  }
}

/** The answer of `vernier inputs`, without line breaks. */
function answer(a: string, b: string): string {
  const main = join(ROOT, "dist/cli/main.js");
  const words = [main, "inputs", join(FIXTURES, a), b, "--no-color"];
  const { stdout, stderr } = spawnSync(process.execPath, words, { encoding: "utf8" });
  expect(stderr).toBe("");
  return stdout.replace(/\s+/g, " ").trim();
}

test.for<readonly [Way, against: "python.npy" | "photo.png", says: string]>([
  ["0…255", "python.npy", "FOUND What turns B into A: 0…255 made −1…1. in JS x = x.div(127.5).sub(1)"],
  [
    "BGR",
    "python.npy",
    "FOUND What turns B into A: channels reversed (R, G, B against B, G, R). in JS x = tf.reverse(x, [-1])",
  ],
  ["rescaled twice", "python.npy", "FOUND What turns B into A: −1…1 rescaled to it twice made −1…1."],
  ["no centre crop", "python.npy", "NOT FOUND"],
  ["no centre crop", "photo.png", "FOUND What makes B of A: resized to [48, 48] ("],
  [
    "nearest",
    "photo.png",
    "FOUND What makes B of A: cropped to 120×120 from row 0, column 24; then resized to [48, 48] (nearest,",
  ],
  [
    "right",
    "python.npy",
    "FOUND The same picture, but for noise, as another JPEG decoder or another resize leaves it.",
  ],
  [
    "right",
    "photo.png",
    "FOUND What makes B of A: cropped to 120×120 from row 0, column 24; then resized to [48, 48] (bilinear,",
  ],
])("%s, beside %s", async ([way, against, says], context) => {
  needsChromium(context);
  expect(answer(against, await fedBy(way))).toContain(says);
});
