/**
 * @file Bounds on TF.js in a page, as `bounds.test.ts` has them in threads: webgl and webgpu on what GPU there is (here a
 * software one) and wasm. Masked branches, each a page of its own, are left to the threads.
 *
 * `VERNIER_BOUNDS_BATCH` and `VERNIER_BOUNDS_SEED` as there. `VERNIER_BOUNDS_FIREFOX=1` measures Firefox too, which needs
 * Debian's firefox-esr, xvfb, libgl1-mesa-dri and mesa-vulkan-drivers where no display and no GPU is.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { findChromium } from "../../src/engines/chromium.node.ts";
import { inFirefox, tfjsWasmInPage, tfjsWebgl, tfjsWebgpu } from "../../src/engines/tfjs-browser.node.ts";
import { branches } from "../bounds/cases.ts";
import { isOpen, measure, nothingMeasured, type Verdict } from "../bounds/measure.ts";
import { runnableOn } from "../bounds/runnable.ts";
import { totalOf } from "../bounds/table.ts";
import { refusalOf, writeTfjs } from "../bounds/tfjs-file.ts";

const batch = Number(process.env["VERNIER_BOUNDS_BATCH"] ?? 1);
const seed = Number(process.env["VERNIER_BOUNDS_SEED"] ?? 1);
/** What the issue of this test asks for, per engine. */
const LEAST_ELEMENTS = 1e5;
// Firefox's WebGPU compiles each of some thousand shaders on Mesa's software driver.
const TIMEOUT_MS = Math.max(
  process.env["VERNIER_BOUNDS_FIREFOX"] === "1" ? 3_600_000 : 600_000,
  60_000 * batch,
);

const folder = mkdtempSync(join(tmpdir(), "vernier-bounds-browser-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Which faults the samples show on which backend. */
const KNOWN: Readonly<Record<string, readonly string[]>> = {
  webgl: ["conv1d-channels-first-output"],
  webgpu: ["conv1d-channels-first-output"],
  wasm: [
    "batch-normalization-axis",
    "conv1d-channels-first-output",
    "prelu-inner-shared-axis",
    "wasm-same-padding-zeros",
  ],
};

const chromium = findChromium() === null ? [] : [tfjsWebgl, tfjsWebgpu, tfjsWasmInPage];
const firefox =
  process.env["VERNIER_BOUNDS_FIREFOX"] === "1"
    ? [inFirefox["tfjs:webgl@firefox"], inFirefox["tfjs:webgpu@firefox"], inFirefox["tfjs:wasm@firefox"]]
    : [];

test.skipIf(chromium.length + firefox.length === 0).for(
  [...chromium, ...firefox].map((engine) => {
    const backend = engine.id.slice("tfjs:".length).replace(/@.*/, "");
    return { id: engine.id, engine, backend, runs: backend === "wasm" ? "some" : "all" };
  }),
)(
  "$id: no element beyond its bound but where a known fault is named",
  { timeout: TIMEOUT_MS },
  async ({ engine, backend, runs }) => {
    const measured = nothingMeasured();
    const loadable = [];
    for (const branch of branches()) {
      const isMasked = branch.masked.some((mask) => mask === true);
      if (!isMasked && (await refusalOf(branch)) === null) loadable.push(branch);
    }
    // The GPU backends have a kernel for every branch; asking first would take as long as measuring.
    const groups =
      runs === "all"
        ? [
            {
              path: await writeTfjs(loadable, join(folder, engine.id.replace(/[:@]/g, "-")), seed),
              group: loadable,
            },
          ]
        : await runnableOn(engine, loadable, {}, { folder, seed });
    for (const { path, group } of groups)
      await measure(measured, engine, path, group, { batch, seed, engineOptions: { timeoutMs: TIMEOUT_MS } });

    const wrong = measured.verdicts.filter(
      ({ certificate: { status } }) => status === "refuted" || status === "coarser",
    );
    const unexplained = wrong.filter(
      ({ known, branch, feed }) => known.length === 0 && !isOpen(engine.id, branch, feed),
    );
    expect(unexplained.map(say), "refuted, and no fault is known").toEqual([]);
    expect(totalOf(measured, engine.id, "beyond")).toBe(0);
    expect(totalOf(measured, engine.id, "judged")).toBeGreaterThanOrEqual(LEAST_ELEMENTS);
    // Known faults must show, or they are none.
    const faulty = measured.verdicts.filter(
      ({ known, feed }) => known.some(({ onlyFor }) => onlyFor === undefined) && feed === "random",
    );
    expect(faulty.filter(({ certificate }) => certificate.status !== "refuted").map(say)).toEqual([]);
    expect([...new Set(faulty.flatMap(({ known }) => known.map(({ id }) => id)))].sort()).toEqual(
      KNOWN[backend],
    );
  },
);

const say = ({ branch, feed, certificate: { status, error, bound, detail, explains } }: Verdict): string =>
  `${branch} on ${feed}: ${status} ${error} / ${bound} ${detail ?? explains ?? ""}`;
