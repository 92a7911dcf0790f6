/** @file A kept file is opened once, closes itself, and opens again. */

import { existsSync, readdirSync, readlinkSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { keptHandle } from "./kept-handle.node.ts";
import { fileSource } from "./path.node.ts";

let folder = "";
let path = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vernier-kept-"));
  path = join(folder, "x");
  await writeFile(
    path,
    Uint8Array.from({ length: 1000 }, (_, i) => i),
  );
});
afterAll(() => rm(folder, { recursive: true }));

const LINUX = existsSync("/proc/self/fd");
if (!LINUX) process.stdout.write("skipped: this system has no /proc that lists open files\n");

/** How often the file is open now. */
function openings(): number {
  return readdirSync("/proc/self/fd").filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === path;
    } catch {
      return false;
    }
  }).length;
}

test.skipIf(!LINUX)(
  "many reads open the file once; a moment later it is closed, and opens again",
  async () => {
    const source = await fileSource(path);
    expect(openings()).toBe(0);
    const parts = await Promise.all(Array.from({ length: 50 }, (_, i) => source.read(i, 10)));
    expect(parts[7]?.[0]).toBe(7);
    expect(openings()).toBe(1);
    for (let waited = 0; openings() > 0 && waited < 5_000; waited += 50) await wait(50);
    expect(openings()).toBe(0);
    expect((await source.read(999, 1))[0]).toBe(999 % 256);
    await source.close();
    expect(openings()).toBe(0);
  },
);

test.skipIf(!LINUX)("closing waits for the read under way", async () => {
  const kept = keptHandle(path);
  let closed: Promise<void> | null = null;
  const read = await kept.use(async (handle) => {
    closed = kept.close();
    return (await handle.read(new Uint8Array(4), 0, 4, 0)).bytesRead;
  });
  await closed;
  expect(read).toBe(4);
  expect(openings()).toBe(0);
});

test("a file that cannot be opened is tried again", async () => {
  const kept = keptHandle(join(folder, "absent"));
  await expect(kept.use(async () => 1)).rejects.toMatchObject({ code: "ENOENT" });
  await writeFile(join(folder, "absent"), "now");
  expect(await kept.use(async () => 1)).toBe(1);
  await kept.close();
});
