/**
 * @file The TF.js engines in worker threads, on TF.js's own models: what every engine must do, and what only threads can.
 */

import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import type { EngineSession } from "../../src/engines/engine.ts";
import { tfjsCpu, tfjsWasm } from "../../src/engines/tfjs.node.ts";
import { firstSentence, REFUSALS, refusalFor } from "../../src/engines/tfjs-refusals.ts";
import { engineTests, layersModel, opener } from "./tfjs-body.ts";
import { heavy, samplesFor, shared, tensor, written } from "./tfjs-models.ts";

/** What a worker leaves behind would stay in the count. The bundler that starts workers from source has its own threads. */
const threads = (): number =>
  existsSync("/proc/self/task")
    ? readdirSync("/proc/self/task").filter((id) => nameOf(id).startsWith("node")).length
    : 0;
const nameOf = (id: string): string => readFileSync(`/proc/self/task/${id}/comm`, "utf8");

const sessions: EngineSession[] = [];
afterEach(async () => {
  for (const session of sessions.splice(0)) await session[Symbol.asyncDispose]();
});

describe.each([tfjsCpu, tfjsWasm])("$id", (engine) => {
  const open = opener(engine);
  let quiet = 0;
  beforeAll(async () => {
    await (await engine.open(layersModel(await written("warm-up", shared))))[Symbol.asyncDispose]();
    quiet = threads();
  });
  engineTests(engine, {
    checksIndices: true,
    nothingLeft: () => expect.poll(threads).toBeLessThanOrEqual(quiet),
  });

  test("a prediction that takes too long or too much memory is stopped, and so is the session", async () => {
    const path = await written("heavy", heavy);
    const input = [tensor([2, 1000], "float32", new Float32Array(2000).fill(0.5))];
    const slow = await open(path, { timeoutMs: 400 });
    await expect(slow.predict(input)).rejects.toMatchObject({
      code: "engine.timeout",
      details: { stage: "predicting" },
    });
    await expect(slow.predict(input)).rejects.toMatchObject({ code: "engine.timeout" });
    const large = await open(path, { memoryMiB: 100 });
    await expect(large.predict(input)).rejects.toMatchObject({
      code: "engine.crashed",
      message: expect.stringContaining("MiB"),
    });
    await expect(engine.open(layersModel(path), { memoryMiB: 6 })).rejects.toMatchObject({
      code: "engine.crashed",
    });
    await expect.poll(threads).toBeLessThanOrEqual(quiet);
  });

  test("aborting ends the worker and rejects with the signal's reason", async () => {
    const abort = new AbortController();
    const session = await open(await written("heavy", heavy), { signal: abort.signal });
    const running = session.predict([tensor([2, 1000], "float32", new Float32Array(2000))]);
    setTimeout(() => abort.abort(new Error("enough")), 100);
    await expect(running).rejects.toThrow("enough");
    await expect.poll(threads).toBeLessThanOrEqual(quiet);
  });

  test("probe says which TF.js is there", async () => {
    expect(await engine.probe()).toMatchObject({
      id: engine.id,
      status: "ready",
      version: expect.stringContaining("4.22.0"),
    });
    const empty = mkdtempSync(join(tmpdir(), "vernier-empty-"));
    expect(await engine.probe({ tfjsFolder: empty })).toMatchObject({
      status: "missing",
      detail: expect.stringContaining("no TF.js is installed there"),
      remedy: expect.stringContaining("npm install @tensorflow/tfjs"),
    });
    await expect.poll(threads).toBeLessThanOrEqual(quiet);
  });
});

describe("which TF.js runs", () => {
  const modules = fileURLToPath(new URL("../../node_modules", import.meta.url));
  /** A project with TF.js 4.21.0 (ours under that number), with these parts. */
  function project(parts: readonly string[]): string {
    const root = mkdtempSync(join(tmpdir(), "vernier-project-"));
    const scope = join(root, "node_modules", "@tensorflow");
    mkdirSync(scope, { recursive: true });
    for (const name of ["seedrandom", "long", "node-fetch"])
      symlinkSync(join(modules, name), join(root, "node_modules", name));
    for (const part of parts) {
      const from = join(modules, "@tensorflow", part);
      const files = readdirSync(join(from, "dist")).filter((name) => /node\.js$|\.wasm$/.test(name));
      for (const file of files) cpSync(join(from, "dist", file), join(scope, part, "dist", file));
      const json = JSON.parse(readFileSync(join(from, "package.json"), "utf8"));
      writeFileSync(join(scope, part, "package.json"), JSON.stringify({ ...json, version: "4.21.0" }));
    }
    return root;
  }
  const CORE = ["tfjs-core", "tfjs-layers", "tfjs-backend-cpu"];

  test("the project's own, from the model's folder or from the one that is named", async () => {
    const root = project([...CORE, "tfjs-backend-wasm"]);
    const path = join(root, "web", "model.json");
    cpSync(dirname(await written("shared", shared)), join(root, "web"), { recursive: true });
    for (const engine of [tfjsCpu, tfjsWasm]) {
      const nearby = await engine.open(layersModel(path));
      sessions.push(nearby);
      expect(nearby.info.version).toBe(`4.21.0 (from ${join(root, "node_modules")})`);
      expect(await nearby.predict(samplesFor(nearby.info.inputs))).toHaveLength(1);
      const named = await engine.open(layersModel(await written("shared", shared)), { tfjsFolder: root });
      sessions.push(named);
      expect(named.info.version).toBe(nearby.info.version);
    }
    rmSync(root, { recursive: true });
  });

  test("a project without the wasm backend gets ours, and is told so; a named one must have it", async () => {
    const root = project(CORE);
    cpSync(dirname(await written("shared", shared)), join(root, "web"), { recursive: true });
    const session = await tfjsWasm.open(layersModel(join(root, "web", "model.json")));
    sessions.push(session);
    expect(session.info.version).toBe("4.22.0 (Vernier's own; the project's TF.js has no wasm backend)");
    await expect(
      tfjsWasm.open(layersModel(join(root, "web", "model.json")), { tfjsFolder: root }),
    ).rejects.toMatchObject({
      code: "engine.unavailable",
      hint: expect.stringContaining("npm install @tensorflow/tfjs-backend-wasm@4.21.0"),
    });
    rmSync(root, { recursive: true });
  });
});

describe("refusals", () => {
  test("every rule is told apart from the others by the messages of TF.js that it names", () => {
    expect(new Set(REFUSALS.map(({ id }) => id)).size).toBe(REFUSALS.length);
    expect(refusalFor("Unknown layer: RandomRotation. This may be due to")?.id).toBe("preprocessing-layer");
    expect(refusalFor("something that nobody has seen yet")).toBeUndefined();
  });

  test("the first sentence ends where the advice begins, not at a dot inside a name", () => {
    expect(firstSentence("Unknown layer: A.B. This may be due to one of the following reasons:\n1. x")).toBe(
      "Unknown layer: A.B",
    );
    expect(firstSentence("Cannot read properties of null (reading 'model_config')")).toBe(
      "Cannot read properties of null (reading 'model_config')",
    );
  });
});
