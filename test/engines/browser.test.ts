/**
 * @file TF.js in a page of an installed Chromium: the same tests as in worker threads, then what only a browser can do:
 * hang, crash, lose its GPU, be missing. Nothing may be left of it.
 */

import { existsSync } from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo } from "node:net";
import { join } from "node:path";
import * as tfl from "@tensorflow/tfjs-layers";
import { describe, expect, test } from "vitest";
import type { Report } from "../../src/compare/findings.ts";
import { readModelPath } from "../../src/dialects/read.node.ts";
import { findChromium, showInChromium } from "../../src/engines/chromium.node.ts";
import type { Engine } from "../../src/engines/engine.ts";
import { type PageServer, servePage } from "../../src/engines/page-server.node.ts";
import {
  browserEngine,
  tfjsCpuInPage,
  tfjsWasmInPage,
  tfjsWebgl,
  tfjsWebglFloat16,
  tfjsWebgpu,
} from "../../src/engines/tfjs-browser.node.ts";
import { check } from "../../src/explain/check.ts";
import { TFJS_WEBGL_FLOAT32 } from "../../src/numerics/engines-gpu.ts";
import { renderScreens } from "../../src/report/backends.ts";
import { needs } from "../needs.ts";
import { watchedBrowsers } from "./browser-processes.ts";
import { engineTests, layersModel, opener, watchedRunsEqualPlainOnes } from "./tfjs-body.ts";
import { heavy, MODELS, samplesFor, shared, tensor, written } from "./tfjs-models.ts";

const FIXTURES = join(import.meta.dirname, "../fixtures");
const program = findChromium();
const processes = watchedBrowsers();
const { nothingLeft } = processes;
const CHROMIUM = "Chromium (scripts/setup-chromium)";

describe("in a page", () => {
  needs(CHROMIUM, program !== null);
  describe(tfjsWebgl.id, () => engineTests(tfjsWebgl, { checksIndices: false, nothingLeft }));
  describe.each([tfjsWebgpu, tfjsCpuInPage, tfjsWasmInPage])("$id", (engine) => {
    // On WebGPU the kernel behind the mask of a recurrent layer does not compile: a test of its own, below.
    watchedRunsEqualPlainOnes(opener(engine), engine === tfjsWebgpu ? ["recurrent"] : []);
    test("nothing is left of it", nothingLeft);
  });
});

describe("when it goes wrong", () => {
  needs(CHROMIUM, program !== null);
  const open = opener(tfjsWebgl);
  const zeros = [tensor([2, 1000], "float32", new Float32Array(2000))];

  test("the renderer is named, and a software renderer is said to be one", async () => {
    const session = await open(await written("shared", shared));
    expect(session.info.hardware).toMatch(/^software renderer: .*SwiftShader.*, Chromium \d+/);
    expect(session.info.arithmetic).toBe(TFJS_WEBGL_FLOAT32);
  });

  test("a page that takes too much memory ends with its browser", async () => {
    const path = await written("heavy", heavy);
    const takesAll = async (): Promise<void> => {
      const session = await open(path, { memoryMiB: 20 });
      await session.predict(zeros);
    };
    await expect(takesAll()).rejects.toMatchObject({
      code: "engine.crashed",
      message: expect.stringContaining("more than 20 MiB"),
    });
    await nothingLeft();
  });

  test("a shader that WebGPU does not take is a refusal in its words; TF.js itself goes on with zeros", async () => {
    await using session = await tfjsWebgpu.open(layersModel(await written("recurrent", MODELS.recurrent)));
    const inputs = samplesFor(session.info.inputs);
    await expect(session.predict(inputs)).rejects.toMatchObject({
      code: "engine.refused",
      details: {
        reason: expect.stringMatching(/^WebGPU: .*WGSL/),
        why: expect.stringContaining("with zeros"),
      },
    });
  });

  test("aborting ends the browser and rejects with the signal's reason", async () => {
    const abort = new AbortController();
    const session = await open(await written("heavy", heavy), { signal: abort.signal });
    const running = session.predict(zeros);
    setTimeout(() => abort.abort(new Error("enough")), 100);
    await expect(running).rejects.toThrow("enough");
    await nothingLeft();
  });

  test.each([
    ["a page that crashes", "renderer", "the page crashed"],
    [
      "a GPU process that crashes takes the WebGL context along",
      "gpu-process",
      "the page lost its WebGL context",
    ],
  ])("%s is said to have, and nothing is left", async (_, type, reason) => {
    const session = await open(await written("shared", shared));
    const inputs = samplesFor(session.info.inputs);
    await session.predict(inputs);
    for (const pid of processes.ofType(type)) process.kill(pid, "SIGKILL");
    const died = async (): Promise<unknown> => {
      for (;;) {
        const error = await session.predict(inputs).then(
          () => null,
          (thrown: unknown) => thrown,
        );
        if (error !== null) return error;
      }
    };
    expect(await died()).toMatchObject({ code: "engine.crashed", details: { engine: "tfjs:webgl", reason } });
    await nothingLeft();
  });

  test("a browser that is killed is said to have ended, and nothing is left", async () => {
    const session = await open(await written("shared", shared));
    const running = session.predict(samplesFor(session.info.inputs));
    for (const pid of processes.running()) process.kill(pid, "SIGKILL");
    await expect(running).rejects.toMatchObject({
      code: "engine.crashed",
      details: { reason: expect.stringMatching(/chrom\S* ended \(SIGKILL\)/) },
    });
    await nothingLeft();
  });

  test("a tab that closes is said to have been closed", async () => {
    const server = await servePage(
      {
        "": { type: "text/html", body: () => '<script src="close.js"></script>' },
        "close.js": { type: "text/javascript", body: () => "setTimeout(() => window.close(), 300)" },
      },
      () => {},
    );
    const browser = await showInChromium(program ?? "", server.address);
    expect(await new Promise((resolve) => browser.onEnd(resolve))).toBe("the page was closed");
    await browser.close();
    await server.close();
    await nothingLeft();
  });

  const engineWith = (page: Parameters<typeof browserEngine>[3]): Engine =>
    browserEngine("tfjs:webgl", "webgl", TFJS_WEBGL_FLOAT32, page);
  const refuses = async (engine: Engine, reason: string, remedy: string): Promise<void> => {
    await expect(engine.open(layersModel(await written("shared", shared)))).rejects.toMatchObject({
      code: "engine.unavailable",
      exitCode: 3,
      message: expect.stringContaining(reason),
      hint: expect.stringContaining(remedy),
    });
    await nothingLeft();
  };

  test("a program that is no browser, and one that is not there", async () => {
    await refuses(engineWith({ program: "/bin/false" }), "/bin/false does not start", "VERNIER_CHROMIUM");
    await refuses(
      engineWith({ program: "/nowhere/chrome" }),
      "/nowhere/chrome does not start",
      "VERNIER_CHROMIUM",
    );
  });

  test("a port that is taken", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as AddressInfo;
    await refuses(engineWith({ port }), "EADDRINUSE", "loopback");
    other.close();
  });

  test("half-precision textures are said to be coarser, not wrong", async () => {
    await using a = await readModelPath(join(FIXTURES, "keras2/cnn-residual.h5"));
    await using b = await readModelPath(join(FIXTURES, "tfjs/cnn-residual"));
    const report = await check({
      a,
      b,
      engineA: "reference",
      engineB: tfjsWebglFloat16,
      engineOptions: {},
      input: { source: "synthetic", samples: 2, seed: 0 },
      accept: [],
      reproduce: "",
    });
    const statuses = new Set(report.layers.map((row) => row.b.status));
    expect(statuses).toContain("coarser");
    expect(statuses).not.toContain("refuted");
    expect(report.causes.map(({ kind, detail }) => [kind, detail])).toContainEqual(["precision", "float16"]);
  });
});

describe("several backends", () => {
  needs(CHROMIUM, program !== null);

  test("one screen says which backends a kernel's fault affects, by its name", async () => {
    const build = (): tfl.LayersModel =>
      tfl.sequential({
        layers: [
          tfl.layers.dense({ inputShape: [3, 4], units: 4, name: "mix", useBias: false }),
          tfl.layers.batchNormalization({ axis: 1, name: "norm", movingMeanInitializer: "randomNormal" }),
        ],
      });
    const path = await written("axis", build);
    const reports: Report[] = [];
    for (const engineB of [tfjsWebgl, tfjsWasmInPage]) {
      await using a = await readModelPath(path);
      await using b = await readModelPath(path);
      const input = { source: "synthetic", samples: 2, seed: 0 } as const;
      reports.push(
        await check({
          a,
          b,
          engineA: "reference",
          engineB,
          engineOptions: {},
          input,
          accept: [],
          reproduce: "",
        }),
      );
    }
    expect(reports.map(({ causes }) => causes.map(({ kind, detail }) => [kind, detail]))).toEqual([
      [],
      [["kernel", "batch-normalization-axis"]],
    ]);
    const screen = renderScreens(reports).replace(/\s+/g, " ");
    expect(screen).toContain("1 of 2 backends are affected: tfjs:wasm@browser");
    await nothingLeft();
  });
});

describe("the browser that is looked for", () => {
  test("is the one that is named, else one on the PATH; there may be none", async () => {
    expect(findChromium({ VERNIER_CHROMIUM: process.execPath, PATH: "" })).toBe(process.execPath);
    expect(findChromium({ VERNIER_CHROMIUM: "/nowhere/chrome", PATH: process.env["PATH"] ?? "" })).toBeNull();
    if (program === null || !existsSync("/usr/bin/chromium-headless-shell")) return;
    expect(findChromium({ PATH: "/nowhere:/usr/bin" })).toMatch(/^\/usr\/bin\//);
  });

  test("the server gives what the page is made of below its token, and nothing else", async () => {
    const frames: string[] = [];
    const server: PageServer = await servePage(
      { "": { type: "text/html", body: () => "shell" } },
      ({ type }) => frames.push(type),
    );
    const status = async (url: string, init: RequestInit = {}): Promise<number> =>
      (await fetch(url, init)).status;
    const { origin } = new URL(server.address);
    expect(await (await fetch(server.address)).text()).toBe("shell");
    expect((await fetch(server.address)).headers.get("content-security-policy")).toContain(
      "default-src 'none'",
    );
    for (const path of ["/", "/reply", "/request", `/${"A".repeat(32)}/`, "/../etc/passwd"])
      expect(await status(origin + path), path).toBe(404);
    for (const name of ["constructor", "__proto__", "..%2f..%2fetc/passwd", "index.html"])
      expect(await status(server.address + name), name).toBe(404);
    expect(await status(server.address, { method: "POST", body: "x" })).toBe(404);
    expect(await status(`${server.address}reply`, { method: "POST", body: "no frame" })).toBe(400);
    const renamed = server.address.replace("127.0.0.1", "localhost");
    expect([404, null]).toContain(await status(renamed).catch(() => null));
    expect(frames).toEqual([]);
    await server.close();
  });
});
