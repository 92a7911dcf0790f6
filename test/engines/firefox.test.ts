/**
 * @file TF.js in a page of an installed Firefox: the same tests as in Chromium, on the backends that need no GPU. Skipped
 * where there is none, and the summary says so (Debian: apt install firefox-esr).
 */

import { describe, expect, test } from "vitest";
import { findFirefox } from "../../src/engines/firefox.node.ts";
import { inFirefox } from "../../src/engines/tfjs-browser.node.ts";
import { watchedBrowsers } from "./browser-processes.ts";
import { opener, watchedRunsEqualPlainOnes } from "./tfjs-body.ts";
import { samplesFor, shared, written } from "./tfjs-models.ts";

const program = findFirefox();
const processes = watchedBrowsers();
const { nothingLeft } = processes;
describe.skipIf(program === null)("in a page of Firefox", () => {
  const wasm = inFirefox["tfjs:wasm@firefox"];
  describe.each([wasm, inFirefox["tfjs:cpu@firefox"]])("$id", (engine) => {
    watchedRunsEqualPlainOnes(opener(engine));
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

test("Firefox is the one that is named, or there is none", () => {
  expect(findFirefox({ VERNIER_FIREFOX: process.execPath, PATH: "" })).toBe(process.execPath);
  expect(findFirefox({ VERNIER_FIREFOX: "/nowhere/firefox", PATH: process.env["PATH"] ?? "" })).toBeNull();
  expect(findFirefox({ PATH: "/nowhere" })).toBeNull();
});
