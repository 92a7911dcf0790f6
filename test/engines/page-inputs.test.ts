/**
 * @file A page feeds a model in the right way, or with one of five usual mistakes: from `saveInput` in a real Chromium,
 * its download, and what Python fed (real Pillow, python/make_page_inputs.py) to the sentence that names the mistake.
 */

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rolldown } from "rolldown";
import { afterAll, beforeAll, expect, test } from "vitest";
import { needsChromium, type ServedPage, servePageFiles } from "../served-page.ts";
import type { Way } from "./page-inputs/main.ts";

const ROOT = join(import.meta.dirname, "../..");
const FIXTURES = join(ROOT, "test/fixtures/page-inputs");
const folder = mkdtempSync(join(tmpdir(), "vernier-page-inputs-"));
let served: ServedPage | null = null;

beforeAll(async () => {
  served = await servePageFiles(async () => {
    const build = await rolldown({
      input: join(import.meta.dirname, "page-inputs/main.ts"),
      platform: "browser",
      logLevel: "silent",
    });
    const { output } = await build.generate({ format: "iife" });
    await build.close();
    const page = '<!doctype html><meta charset="utf-8"><img src="photo.png"><script src="main.js"></script>';
    return {
      "/": { type: "text/html", body: page },
      "/main.js": { type: "text/javascript", body: output[0].code },
      "/photo.png": { type: "image/png", body: readFileSync(join(FIXTURES, "photo.png")) },
    };
  });
});

afterAll(async () => {
  await served?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Where the browser has put the page's download. */
async function fedBy(way: Way): Promise<string> {
  const { browser, address } = served as ServedPage;
  const page = await browser.newPage();
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
