/**
 * @file The command itself, killed while it replaces a model: what is there is the old model or the new one, whole. Every
 * second kill comes at any time of its run, the others once it has begun to write. 20 kills; `VERNIER_KILLS=200
 * VERNIER_KILLS_SEED=7` for more.
 */

import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, watch } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readModelPath } from "../../src/dialects/read.node.ts";
import { randomFrom } from "../../src/numerics/random.ts";

const ROOT = join(import.meta.dirname, "../..");
const MAIN = join(ROOT, "dist/cli/main.js");
const KILLS = Number(process.env["VERNIER_KILLS"] ?? 20);
const SEED = Number(process.env["VERNIER_KILLS_SEED"] ?? 1);
/** A write of these models takes some 10 ms. */
const WRITING_MS = 30;

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "vernier-command-kill-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const SOURCES = ["keras2/cnn-residual.h5", "keras2/nested.h5"].map((name) =>
  join(ROOT, "test/fixtures", name),
);

const words = (source: string, dest: string): string[] => [
  MAIN,
  "convert",
  source,
  dest,
  "--overwrite",
  "--no-verify",
  "--quiet",
  ...(dest.endsWith("web") ? ["--shard-size", "500"] : []),
];

/** The whole model: its layers, and every byte of its weights. Throws where it is none. */
async function idOf(dest: string): Promise<string> {
  await using opened = await readModelPath(dest);
  const hash = createHash("sha256");
  for (const { path, layer, weights } of opened.model.layers) {
    hash.update(`${path} ${JSON.stringify(layer.config)}`);
    for (const weight of weights) hash.update(JSON.stringify([...(await weight.read()).data].map(Number)));
  }
  return hash.digest("hex");
}

test.each(["web", "model.keras"])(
  `%s, killed ${KILLS / 2} times by seed ${SEED}`,
  { timeout: 60_000 + KILLS * 5_000 },
  async (name) => {
    const dest = join(root, name);
    const ids: string[] = [];
    let takesMs = 0;
    for (const source of SOURCES) {
      const started = performance.now();
      const { status, stderr } = spawnSync(process.execPath, words(source, dest), { encoding: "utf8" });
      takesMs = performance.now() - started;
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      ids.push(await idOf(dest));
    }
    expect(ids[0]).not.toBe(ids[1]);
    const random = randomFrom(SEED);
    const seen: { [what: string]: number } = {};
    let before = ids[1] ?? "";
    for (let i = 0; i < KILLS / 2; i++) {
      const next = before === ids[0] ? 1 : 0;
      const child = spawn(process.execPath, words(SOURCES[next] ?? "", dest), { stdio: "ignore" });
      const exit = once(child, "exit");
      if (i % 2 === 0) setTimeout(() => child.kill("SIGKILL"), random.uniform() * takesMs);
      else {
        // What is being written lies inside a folder, and beside a file.
        const watcher = watch(name === "web" ? dest : root);
        await Promise.race([once(watcher, "change"), exit]);
        const end = performance.now() + random.uniform() * WRITING_MS;
        while (performance.now() < end); // a timer is no finer than a millisecond
        child.kill("SIGKILL");
        watcher.close();
      }
      const [, signal] = (await exit) as [number | null, string | null];
      const now = await idOf(dest);
      expect([before, ids[next]], `kill ${i}, seed ${SEED}`).toContain(now);
      const what = `${signal === null ? "ended by itself" : "killed"}, ${now === before ? "the old model" : "the new one"}`;
      seen[what] = (seen[what] ?? 0) + 1;
      before = now;
    }
    process.stdout.write(`${name}: ${JSON.stringify(seen)}, ${readdirSync(root).length} entries beside\n`);
    expect(seen["killed, the old model"]).toBeGreaterThan(0);
    expect(spawnSync(process.execPath, words(SOURCES[0] ?? "", dest)).status).toBe(0);
    expect(await idOf(dest)).toBe(ids[0]);
  },
);
