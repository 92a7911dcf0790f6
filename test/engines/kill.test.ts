/**
 * @file Killed at any moment, a conversion leaves the old model or the new one, whole. Killed before every single change
 * to the disk, and at random moments: 20 here, `VERNIER_KILLS=200 VERNIER_KILLS_SEED=7` for more.
 */

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openDestination } from "../../src/formats/destination.node.ts";
import { randomFrom } from "../../src/numerics/random.ts";
import { constantModel, idOfModel } from "../constant-model.ts";

const SCRIPT = join(import.meta.dirname, "kill/replace-model.mjs");
const KILLS = Number(process.env["VERNIER_KILLS"] ?? 20);
const SEED = Number(process.env["VERNIER_KILLS_SEED"] ?? 1);

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "vernier-kill-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const list = (path: string): string[] => readdirSync(path).sort();

async function write(dest: string, id: number): Promise<void> {
  await using destination = await openDestination(dest, { kind: "folder", overwrite: true });
  await (await destination.stage(await constantModel(id))).commit();
}

/** As if an hour had passed. */
function ageTemporaries(parent: string): void {
  const longAgo = Date.now() / 1000 - 3700;
  for (const name of readdirSync(parent).filter((entry) => entry.startsWith(".vernier-"))) {
    const path = join(parent, name);
    for (const entry of [...readdirSync(path).map((file) => join(path, file)), path])
      utimesSync(entry, longAgo, longAgo);
  }
}

/** Ends itself before step n; null when it got to its end before. */
function killedAt(n: number, dest: string, kind: "folder" | "file"): boolean {
  const { signal, status, stderr } = spawnSync(
    process.execPath,
    [SCRIPT, "once", dest, kind, "2", String(n)],
    { encoding: "utf8" },
  );
  if (signal === "SIGKILL") return true;
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return false;
}

/** Every step in turn, until one run gets to its end; the states seen, in order, repetitions left out. */
async function statesOverKills(
  dest: string,
  kind: "folder" | "file",
  prepare: () => Promise<void>,
  state: () => Promise<unknown>,
): Promise<{ states: unknown[]; steps: number }> {
  const states: unknown[] = [];
  for (let n = 1; ; n++) {
    await prepare();
    const killed = killedAt(n, dest, kind);
    const now = await state();
    if (states.at(-1) !== now) states.push(now);
    if (!killed) return { states, steps: n - 1 };
  }
}

test("killed before any change in a folder with a model: the old one, from some step on the new one; the next run cleans", async () => {
  const dest = join(root, "web");
  const prepare = async (): Promise<void> => {
    rmSync(dest, { recursive: true, force: true });
    await write(dest, 1);
    writeFileSync(join(dest, "index.html"), "mine");
  };
  const state = async (): Promise<number> => {
    const id = await idOfModel(dest);
    ageTemporaries(dest);
    await write(dest, 3);
    expect(await idOfModel(dest)).toBe(3);
    const shards = list(dest).filter((name) => /^group1-shard\dof3-[0-9a-f]{8}\.bin$/.test(name));
    expect(list(dest)).toEqual([...shards, "index.html", "model.json"]);
    expect(shards).toHaveLength(3);
    return id;
  };
  const { states, steps } = await statesOverKills(dest, "folder", prepare, state);
  expect(states).toEqual([1, 2]);
  expect(steps).toBeGreaterThan(30);
});

test("killed before any change, a new folder is there whole or not at all", async () => {
  const dest = join(root, "web");
  const prepare = async (): Promise<void> => {
    ageTemporaries(root);
    rmSync(dest, { recursive: true, force: true });
  };
  const state = async (): Promise<unknown> => (existsSync(dest) ? idOfModel(dest) : "nothing");
  const { states, steps } = await statesOverKills(dest, "folder", prepare, state);
  expect(states).toEqual(["nothing", 2]);
  expect(steps).toBeGreaterThan(10);
  expect(list(root)).toEqual(["web"]);
});

test("killed before any change, a file is the old one or the new one", async () => {
  const dest = join(root, "model.keras");
  const prepare = async (): Promise<void> => {
    ageTemporaries(root);
    writeFileSync(dest, "model 1");
  };
  const { states, steps } = await statesOverKills(dest, "file", prepare, async () =>
    readFileSync(dest, "utf8"),
  );
  expect(states).toEqual(["model 1", "model 2"]);
  expect(steps).toBeGreaterThan(8);
  expect(list(root)).toEqual(["model.keras"]);
});

interface Running {
  readonly child: ChildProcess;
  /** "stage 12.5", "commit 30.1", "move 31.9", "done 34.0": what begins, at which millisecond. */
  lines(): AsyncIterableIterator<string>;
  readonly exit: Promise<unknown>;
}

function run(...words: string[]): Running {
  const child = spawn(process.execPath, [SCRIPT, ...words], { stdio: ["ignore", "pipe", "inherit"] });
  const reader = createInterface({ input: child.stdout });
  return { child, lines: () => reader[Symbol.asyncIterator](), exit: once(child, "exit") };
}

test(
  `killed at ${KILLS} random moments of its work, in turn aimed at the writing, at the commit, and at its moves (seed ${SEED})`,
  async () => {
    const dest = join(root, "web");
    await write(dest, 1);
    const random = randomFrom(SEED);
    const killedIn: { [phase: string]: number } = {};
    for (let i = 0; i < KILLS; i++) {
      const aim = (["move", "commit", "stage"] as const)[i % 3] ?? "move";
      const { child, lines, exit } = run("loop", dest, "1000000");
      // Some rounds to learn how long it takes here, then one to be killed in.
      const begun: { [phase: string]: number } = {};
      let rounds = 0;
      let last = "";
      let takesMs = 0;
      for await (const line of lines()) {
        const [phase = "", at = ""] = line.split(" ");
        last = phase;
        begun[phase] = Number(at);
        if (phase === "done") {
          rounds++;
          const from = begun[aim] ?? 0;
          takesMs = Math.max(takesMs, ((aim === "stage" ? begun["commit"] : begun["done"]) ?? 0) - from);
        }
        if (rounds < 3 || phase !== aim) continue;
        const end = performance.now() + random.uniform() * takesMs;
        while (performance.now() < end); // a timer is no finer than a millisecond
        child.kill("SIGKILL");
        break;
      }
      await exit;
      killedIn[last] = (killedIn[last] ?? 0) + 1;
      expect([1, 2], `kill ${i}, aimed at ${aim}, seed ${SEED}`).toContain(await idOfModel(dest));
    }
    process.stdout.write(`killed while in: ${JSON.stringify(killedIn)}, left ${list(dest).length} entries\n`);
    ageTemporaries(dest);
    await write(dest, 3);
    expect(list(dest)).toHaveLength(4);
    expect(await idOfModel(dest)).toBe(3);
  },
  60_000 + KILLS * 5_000,
);

test("whoever loads the folder while models are replaced gets one of them, or a file that is gone; never a mixture", async () => {
  const dest = join(root, "web");
  await write(dest, 1);
  const { lines, exit } = run("loop", dest, "60");
  const ended = exit.then(() => "ended");
  const seen: { [outcome: string]: number } = {};
  const drained = (async () => {
    for await (const _ of lines());
  })();
  for (;;) {
    const outcome = await idOfModel(dest).then(String, (error: Error) =>
      /ENOENT/.test(error.message) ? "gone" : error.message,
    );
    seen[outcome] = (seen[outcome] ?? 0) + 1;
    if ((await Promise.race([ended, Promise.resolve("running")])) === "ended") break;
  }
  await drained;
  process.stdout.write(`loads while models were replaced: ${JSON.stringify(seen)}\n`);
  expect(Object.keys(seen).filter((outcome) => !["1", "2", "gone"].includes(outcome))).toEqual([]);
  expect(seen["1"]).toBeGreaterThan(0);
  expect(seen["2"]).toBeGreaterThan(0);
});

test.each(["SIGINT", "SIGTERM"] as const)(
  "%s removes what was staged, and ends the process as it always does",
  async (signal) => {
    const dest = join(root, "web");
    mkdirSync(dest);
    const { child, lines, exit } = run("wait", dest);
    for await (const line of lines()) if (line === "staged") break;
    expect(list(dest)).toHaveLength(1);
    child.kill(signal);
    expect(await exit).toEqual([null, signal]);
    expect(list(dest)).toEqual([]);
  },
);

test.each(["float32", "uint8"] as const)(
  "a weight of 200 MiB is written as %s in pieces: memory grows by less than half of it",
  (dtype) => {
    const dest = join(root, "web");
    const { stdout, stderr } = spawnSync(process.execPath, [SCRIPT, "large", dest, "200", dtype], {
      encoding: "utf8",
    });
    expect(stderr).toBe("");
    const { before, peak } = JSON.parse(stdout) as { before: number; peak: number };
    const written = list(dest).reduce((sum, name) => sum + statSync(join(dest, name)).size, 0);
    const [from, to] = [before, peak].map((size) => Math.round(size / 2 ** 20));
    process.stdout.write(`200 MiB as ${dtype}: from ${from} to ${to} MiB of memory\n`);
    expect(written).toBeGreaterThan((dtype === "uint8" ? 50 : 200) * 2 ** 20);
    expect(peak - before).toBeLessThan(100 * 2 ** 20);
  },
);
