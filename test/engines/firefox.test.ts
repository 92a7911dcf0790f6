/**
 * @file TF.js in a page of an installed Firefox: the same tests as in Chromium. Skipped where there is none.
 * (Debian: apt install firefox-esr; without a display and a GPU: xvfb, libgl1-mesa-dri, mesa-vulkan-drivers.)
 */

import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { findFirefox } from "../../src/engines/firefox.node.ts";
import { inFirefox } from "../../src/engines/tfjs-browser.node.ts";
import { findXvfb, startDisplay } from "../../src/engines/virtual-display.node.ts";
import { needs } from "../needs.ts";
import { watchedBrowsers } from "./browser-processes.ts";
import { opener, watchedRunsEqualPlainOnes } from "./tfjs-body.ts";
import { samplesFor, shared, written } from "./tfjs-models.ts";

const program = findFirefox();
const canDraw = (process.env["DISPLAY"] ?? "") !== "" || findXvfb() !== null;
const hasVulkan = existsSync("/usr/share/vulkan/icd.d");
const processes = watchedBrowsers();
const { nothingLeft } = processes;
describe("in a page of Firefox", () => {
  needs("Firefox (apt install firefox-esr)", program !== null);
  const wasm = inFirefox["tfjs:wasm@firefox"];
  describe.each([wasm, inFirefox["tfjs:cpu@firefox"]])("$id", (engine) => {
    watchedRunsEqualPlainOnes(opener(engine));
    test("nothing is left of it", nothingLeft);
  });

  describe("tfjs:webgl@firefox", () => {
    needs("screen for WebGL (apt install xvfb)", canDraw);
    const webgl = inFirefox["tfjs:webgl@firefox"];
    watchedRunsEqualPlainOnes(opener(webgl));
    test("the renderer is named, and a display of ours goes with it", async () => {
      const session = await opener(webgl)(await written("shared", shared));
      expect(session.info.hardware).toMatch(/, Firefox \d+/);
      await session[Symbol.asyncDispose]();
      await nothingLeft();
    });
  });

  describe("tfjs:webgpu@firefox", () => {
    needs("Vulkan for WebGPU (apt install mesa-vulkan-drivers)", hasVulkan);
    watchedRunsEqualPlainOnes(opener(inFirefox["tfjs:webgpu@firefox"]), ["recurrent"]);
    test("nothing is left of it", nothingLeft);
  });

  test("the browser is named", async () => {
    const session = await opener(wasm)(await written("shared", shared));
    expect(session.info.hardware).toMatch(/^Firefox \d+/);
  });

  test("a browser that ends is a crash, and nothing is left", async () => {
    const session = await opener(wasm)(await written("shared", shared));
    for (const pid of processes.running()) process.kill(pid, "SIGKILL");
    await expect(session.predict(samplesFor(session.info.inputs))).rejects.toMatchObject({
      code: "engine.crashed",
    });
    await nothingLeft();
  });

  test("a browser that does not show the page in time ends", async () => {
    const path = await written("shared", shared);
    await expect(opener(wasm)(path, { timeoutMs: 1 })).rejects.toMatchObject({ code: "engine.timeout" });
    await nothingLeft();
  });
});

test("a display that does not start says why, and leaves nothing", async () => {
  await expect(startDisplay(process.execPath)).rejects.toThrow("node ended (exit code 9)");
  await nothingLeft();
});

test("Firefox is the one that is named, or there is none", () => {
  expect(findFirefox({ VERNIER_FIREFOX: process.execPath, PATH: "" })).toBe(process.execPath);
  expect(findFirefox({ VERNIER_FIREFOX: "/nowhere/firefox", PATH: process.env["PATH"] ?? "" })).toBeNull();
  expect(findFirefox({ PATH: "/nowhere" })).toBeNull();
});
