/**
 * @file `convert` in a page: Debian's Chromium opens examples/browser-convert, gets a model as a `File`, and hands back
 * what the command writes for the same file, byte for byte. The page asks for nothing but itself.
 */

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import "@tensorflow/tfjs-backend-cpu";
import { unzipSync } from "fflate";
import type { Page } from "playwright-core";
import { rolldown } from "rolldown";
import { afterAll, beforeAll, expect, test } from "vitest";
import { needsChromium, type ServedPage, servePageFiles } from "../served-page.ts";

// Quiet: no greeting on the console of the tests.
tf.enableProdMode();

const ROOT = join(import.meta.dirname, "../..");
const EXAMPLE = join(ROOT, "examples/browser-convert");
const FIXTURES = join(ROOT, "test/fixtures");

const folder = mkdtempSync(join(tmpdir(), "vernier-browser-"));
let served: ServedPage | null = null;
let address = "";

beforeAll(async () => {
  served = await servePageFiles(async () => ({
    "/": { type: "text/html", body: readFileSync(join(EXAMPLE, "index.html"), "utf8") },
    "/bundle.js": { type: "text/javascript", body: await bundleOf(join(EXAMPLE, "main.js")) },
  }));
  address = served?.address ?? "";
});

afterAll(async () => {
  await served?.close();
  rmSync(folder, { recursive: true, force: true });
});

test("the library bundles for browsers: nothing of Node is in it, and nothing is left to be found", async () => {
  const code = await bundleOf(join(EXAMPLE, "main.js"));
  expect(code).not.toMatch(/\bfrom\s*["'][^"']+["']|\bimport\(|\brequire\(|\bprocess\.|\bBuffer\./);
});

test.for([
  ["a .keras file", "keras-files/keras3/trained.keras", "tfjs"],
  ["an .h5 file of Keras 2", "keras2/cnn-residual.h5", "tfjs"],
  ["an .h5 file of Keras 3", "keras3/nested.h5", "tfjs"],
  ["a TensorFlow.js folder", "tfjs/lstm-masking", "keras"],
  ["an .h5 file of Keras 2, made one for both,", "keras2/mlp.h5", "h5"],
] as const)("%s is converted as the command converts it", async ([, path, target], context) => {
  needsChromium(context);
  const source = join(FIXTURES, path);
  const { bytes, name, requests } = await convertInPage(source, target);
  expect(requests.toSorted()).toEqual([address, `${address}bundle.js`]);
  const expected = convertByCommand(source, target);
  const got = target === "tfjs" ? unzipSync(bytes) : { [`model.${target}`]: bytes };
  expect(name).toBe(target === "tfjs" ? "model.zip" : `model.${target}`);
  expect(Object.keys(got).sort()).toEqual(Object.keys(expected).sort());
  for (const [file, content] of Object.entries(expected))
    expect(Buffer.compare(got[file] ?? new Uint8Array(), content), file).toBe(0);
});

test("plain TensorFlow.js loads what the page gave and predicts what the converter's own twin predicts", async (context) => {
  needsChromium(context);
  const { bytes } = await convertInPage(join(FIXTURES, "keras2/cnn-residual.h5"), "tfjs");
  const got = await loadInTfjs(unzipSync(bytes));
  const twin = await loadInTfjs(filesIn(join(FIXTURES, "tfjs/cnn-residual")));
  const shape = got.inputs.map((input) => [2, ...input.shape.slice(1).map((size) => size ?? 3)]);
  const inputs = shape.map((dims) => tf.randomNormal(dims, 0, 1, "float32", 7));
  const [ours, theirs] = [got, twin].map((model) => (model.predict(inputs) as tf.Tensor).dataSync());
  expect(ours?.length).toBeGreaterThan(0);
  expect(ours).toEqual(theirs);
});

test("what cannot be converted is said in the page, with what to do", async (context) => {
  needsChromium(context);
  await inPage(async (page) => {
    await page.setInputFiles("#files", join(FIXTURES, "keras2/with-lambda.h5"));
    await page.waitForSelector("#said p:nth-child(3)");
    expect(await page.textContent("#said")).toMatch(/Not converted: .*Lambda/);
    expect(await page.isVisible("#download")).toBe(false);
    await page.setInputFiles("#files", join(FIXTURES, "hdf5/latest.h5"));
    await page.waitForFunction(() => document.querySelector("#said")?.textContent?.includes("newer layout"));
    expect(await page.textContent("#said")).toContain("convert it on the command line");
  });
});

async function bundleOf(input: string): Promise<string> {
  const problems: string[] = [];
  const build = await rolldown({
    input,
    platform: "browser",
    onLog: (_, { message }) => problems.push(message),
  });
  try {
    const { output } = await build.generate({ format: "esm", minify: true, codeSplitting: false });
    expect(problems).toEqual([]);
    expect(output).toHaveLength(1);
    return output[0].code;
  } finally {
    await build.close();
  }
}

async function inPage<T>(work: (page: Page, requests: readonly string[]) => Promise<T>): Promise<T> {
  const page = await (served as ServedPage).browser.newPage();
  const failures: Error[] = [];
  const requests: string[] = [];
  page.on("request", (request) => requests.push(request.url()));
  page.on("pageerror", (error) => failures.push(error));
  try {
    await page.goto(address);
    const result = await work(page, requests);
    expect(failures).toEqual([]);
    return result;
  } finally {
    await page.close();
  }
}

async function convertInPage(
  source: string,
  target: string,
): Promise<{ bytes: Uint8Array; name: string; requests: string[] }> {
  return inPage(async (page, requests) => {
    await page.selectOption("#target", target);
    const files = existsSync(join(source, "model.json"))
      ? readdirSync(source).map((name) => join(source, name))
      : source;
    await page.setInputFiles("#files", files);
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.click("#download", { timeout: 60_000 }),
    ]);
    const bytes = new Uint8Array(readFileSync(await download.path()));
    return {
      bytes,
      name: download.suggestedFilename(),
      requests: requests.filter((url) => !url.startsWith("blob:")),
    };
  });
}

function convertByCommand(source: string, target: string): Record<string, Uint8Array> {
  const at = mkdtempSync(join(folder, "command-"));
  const dest = join(at, target === "tfjs" ? "web" : `model.${target}`);
  const words = [join(ROOT, "dist/cli/main.js"), "convert", source, dest, "--no-verify", "--quiet"];
  const { status, stderr } = spawnSync(process.execPath, words, { encoding: "utf8" });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return filesIn(target === "tfjs" ? dest : at);
}

const filesIn = (path: string): Record<string, Uint8Array> =>
  Object.fromEntries(readdirSync(path).map((name) => [name, readFileSync(join(path, name))]));

/** As `tf.loadLayersModel("…/model.json")` would, from memory. */
async function loadInTfjs(files: Readonly<Record<string, Uint8Array>>): Promise<tfl.LayersModel> {
  const json = JSON.parse(Buffer.from(files["model.json"] ?? []).toString()) as tf.io.ModelJSON;
  const paths = json.weightsManifest.flatMap((group) => group.paths);
  return tfl.loadLayersModel({
    load: async () => ({
      modelTopology: json.modelTopology,
      weightSpecs: json.weightsManifest.flatMap((group) => group.weights),
      weightData: new Uint8Array(Buffer.concat(paths.map((path) => files[path] ?? new Uint8Array()))).buffer,
    }),
  });
}
