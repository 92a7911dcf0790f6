/** @file What a person sees of a conversion: 80 columns, in the order of SCREENS; quantization and its cost are named. */

import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { runProgram } from "../../src/cli/program.ts";

const FIXTURES = join(import.meta.dirname, "../fixtures");
const scratch = mkdtempSync(join(tmpdir(), "vernier-screen-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

async function screen(...words: string[]): Promise<{ code: number; lines: string[] }> {
  const text: string[] = [];
  const out = vi.spyOn(process.stdout, "write").mockImplementation((part) => text.push(String(part)) > 0);
  try {
    const code = await runProgram([...words, "--no-progress", "--no-color"]);
    return { code, lines: text.join("").split("\n") };
  } finally {
    out.mockRestore();
  }
}

const labels = (lines: readonly string[]): string[] =>
  lines.flatMap((line) => /^ {2}(\w+) /.exec(line)?.[1] ?? []);

test("a conversion says what was read, how its layers are said, the proof, and what was written", async () => {
  const dest = join(scratch, "web");
  const { code, lines } = await screen("convert", join(FIXTURES, "keras3/gru-reset-after.h5"), dest);
  expect(code).toBe(0);
  expect(labels(lines)).toEqual(["read", "layers", "proof", "wrote", "kept", "use"]);
  expect(lines.join("\n")).toContain("2 rewritten exactly");
  // A path has no place to break.
  expect(lines.filter((line) => line.length > 80 && !line.includes("/"))).toEqual([]);
  expect(readdirSync(dest)).toContain("model.json");
});

test("quantized weights are named before the proof, which says what they cost", async () => {
  const dest = join(scratch, "small");
  const { code, lines } = await screen(
    "convert",
    join(FIXTURES, "keras2/mlp.h5"),
    dest,
    "--quantize",
    "uint8",
  );
  expect(code).toBe(0);
  expect(labels(lines).slice(0, 4)).toEqual(["read", "layers", "rounded", "proof"]);
  expect(lines.join(" ")).toMatch(/stored as uint8 in place of float32.*largest change [\d.e-]+; that comes/);
});
