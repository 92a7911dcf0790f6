/**
 * @file What is written loads in the real programs and predicts the same: models of one layer each, saved by Keras 3 and
 * tf_keras, converted to `.keras` and `.h5` and loaded again there, and to TensorFlow.js, proved on cpu and wasm.
 *
 * Every class in `npm run deep`; here a fifth of them, by `VERNIER_SEED`. `VERNIER_CONVERT_KERAS=all` takes every sample.
 */

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isVernierError } from "../../src/base/errors.ts";
import { type Conversion, convert } from "../../src/convert/convert.ts";
import { type OpenedModel, readModelPath } from "../../src/dialects/read.node.ts";
import { tfjsCpu, tfjsWasm } from "../../src/engines/tfjs.node.ts";
import { prove } from "../../src/explain/proof.ts";
import { LAYERS } from "../../src/layers/index.ts";
import { type OracleCase, oracleCasesOf } from "../../src/layers/samples.ts";
import { filesOf } from "../generated/converted.ts";
import { writeFilesIn } from "../generated/write-files.node.ts";

const python = process.env["VERNIER_PYTHON"] ?? "";
const script = new URL("../../python/convert_models.py", import.meta.url).pathname;
const SEED = Number(process.env["VERNIER_SEED"] ?? 1);
const WANTED = process.env["VERNIER_CONVERT_KERAS"] ?? "fifth";

/** "all": every sample; "classes": one of each class; "fifth": one of every fifth class. */
function cases(): OracleCase[] {
  const classes = LAYERS.filter(({ classNames }) => classNames[0] !== "InputLayer").map((definition) =>
    oracleCasesOf(definition.classNames[0], definition),
  );
  if (WANTED === "all") return classes.flat();
  return classes.flatMap((samples, i) => {
    const sample = samples[SEED % samples.length];
    return sample === undefined || (WANTED === "fifth" && i % 5 !== SEED % 5) ? [] : [sample];
  });
}

/** Over two axes: its weights are built for the last one when it comes out of an .h5. */
const KERAS_DOES_NOT_LOAD = /^LayerNormalization-.* → \.h5$/;
/** Keras 3 of Keras 2's words, in which an .h5 loads in both. */
const OF_OLD_WORDS = /^Argument `alpha` is deprecated\. Use `negative_slope` instead\./;

interface Made {
  readonly id: string;
  readonly dialect: "keras2" | "keras3";
  readonly className: string;
  readonly files?: readonly string[];
  readonly data?: string;
  readonly error?: string;
}
interface Job {
  readonly path: string;
  readonly with: "keras" | "tf_keras";
  readonly data: string;
  readonly original: string;
  /** Training words of one Keras are not the other's. */
  readonly compile: boolean;
}
interface Answer {
  readonly original?: string | null;
  readonly outputs?: string | null;
  readonly warnings?: readonly string[];
  readonly error?: string;
}

describe.skipIf(python === "")("models of one layer, made by real Keras", () => {
  const folder = mkdtempSync(join(tmpdir(), "vernier-convert-keras-"));
  const refusals = new Map<string, number>();
  const run = (...args: readonly string[]): void =>
    void execFileSync(python, [script, ...args], { stdio: ["ignore", "ignore", "pipe"] });
  let made: (Made & { files: readonly string[]; data: string })[] = [];

  beforeAll(() => {
    writeFileSync(join(folder, "cases.json"), JSON.stringify(cases()));
    run("make", join(folder, "cases.json"), join(folder, "made"));
    const index = JSON.parse(readFileSync(join(folder, "made/index.json"), "utf8")) as Made[];
    const refused = index.flatMap(({ id, dialect, error }) =>
      error === undefined ? [] : [`${id} ${dialect}: ${error}`],
    );
    console.info(
      `${index.length} models, of which Keras itself refuses ${refused.length}:\n${refused.join("\n")}`,
    );
    made = index.flatMap(({ files, data, ...rest }) =>
      files === undefined || data === undefined ? [] : [{ ...rest, files, data }],
    );
  }, 600_000);
  afterAll(() => {
    console.info([...refusals].map(([why, n]) => `refused: ${n} × ${why}`).join("\n"));
    rmSync(folder, { recursive: true });
  });

  const refuse = (why: string): null => {
    refusals.set(why, (refusals.get(why) ?? 0) + 1);
    return null;
  };

  /** Keras puts operators of its own beside some layers (`keras.ops.not_equal` makes a mask): a node of no class of ours. */
  async function opened(file: string): Promise<OpenedModel | null> {
    try {
      return await readModelPath(file);
    } catch (error) {
      if (!isVernierError(error, "layer.unsupported")) throw error;
      return refuse(error.message.slice(0, 200));
    }
  }

  async function tried(source: OpenedModel, to: "keras" | "h5" | "tfjs"): Promise<Conversion | null> {
    try {
      return await convert(source.model, { to });
    } catch (error) {
      if (!isVernierError(error, "convert.refused")) throw error;
      return refuse(`${source.model.dialect} → ${to}: ${error.message}`.slice(0, 200));
    }
  }

  test("load in Keras 3, and in tf_keras where they are in its words, and predict bit for bit the same", async () => {
    const jobs: (Job & { readonly what: string; readonly isRewritten: boolean })[] = [];
    for (const { id, dialect, files, data } of made) {
      for (const file of files) {
        await using source = await opened(file);
        if (source === null) continue;
        for (const to of ["keras", "h5"] as const) {
          const conversion = await tried(source, to);
          if (conversion === null) continue;
          const from = file.endsWith(".keras") ? "keras" : "h5";
          const target = join(folder, "written", `${id}-${dialect}-${from}.${to}`);
          const bytes = await filesOf(conversion.files);
          await writeFilesIn(
            dirname(target),
            new Map([[target.split("/").at(-1) ?? "", [...bytes.values()][0] ?? new Uint8Array()]]),
          );
          const { plan } = conversion;
          const what = `${id}, ${dialect} .${from} → .${to}`;
          const job = {
            path: target,
            data,
            // What Keras itself writes of the model in that format; some of it Keras does not load.
            original: files.find((path) => path.endsWith(`.${to}`)) ?? file,
            compile: true,
            what,
            isRewritten: plan.rewritten.length > 0,
          };
          if (dialect === "keras2" && to === "h5" && plan.to === "keras2")
            jobs.push({ ...job, with: "tf_keras" });
          const said = new Set(conversion.problems.map(({ code }) => code));
          if (said.has("convert.keras2-only") || said.has("convert.h5-axis")) {
            refuse(`.${to} is said not to be for Keras 3`);
            continue;
          }
          if (dialect === "keras3") jobs.push({ ...job, with: "keras" });
          // Keras 3 need only load it: its kernels are others.
          else jobs.push({ ...job, with: "keras", compile: false, isRewritten: true });
        }
      }
    }
    writeFileSync(join(folder, "jobs.json"), JSON.stringify(jobs));
    run("load", join(folder, "jobs.json"), join(folder, "answers.json"));
    const answers = JSON.parse(readFileSync(join(folder, "answers.json"), "utf8")) as Answer[];
    const unloadable: string[] = [];
    const wrong = jobs.flatMap(({ what, with: by, isRewritten }, i) => {
      const { outputs = null, original = null, warnings = [], error } = answers[i] ?? { error: "no answer" };
      const isKnown = original !== null && KERAS_DOES_NOT_LOAD.test(what);
      if (isKnown) unloadable.push(`${what} in ${by}: ${original}`);
      const faults = [
        isKnown ? null : error,
        ...warnings.filter((text) => !OF_OLD_WORDS.test(text)),
        isRewritten ? null : outputs,
      ].filter((fault) => typeof fault === "string");
      return faults.map((fault) => `${what} in ${by}: ${fault}`);
    });
    console.info(
      `${jobs.length} files loaded; Keras does not load its own, nor ours:\n${unloadable.join("\n")}`,
    );
    expect(wrong).toEqual([]);
    expect(jobs.length).toBeGreaterThan(made.length);
  }, 1_800_000);

  test("load in TensorFlow.js, and every layer is certified on cpu and wasm", async () => {
    const wrong: string[] = [];
    let proofs = 0;
    for (const { id, dialect, files } of made) {
      await using source = await opened(files.find((path) => path.endsWith(".h5")) ?? "");
      if (source === null) continue;
      const conversion = await tried(source, "tfjs");
      if (conversion === null) continue;
      const target = join(folder, "tfjs", `${id}-${dialect}`);
      await writeFilesIn(target, await filesOf(conversion.files));
      await using written = await readModelPath(target);
      for (const engine of [tfjsCpu, tfjsWasm]) {
        const { holds, report, problems } = await prove({
          source,
          written,
          conversion,
          engine,
          engineOptions: {},
          input: { source: "synthetic", samples: 1, seed: 1 },
          quantized: false,
        });
        proofs++;
        const open = report.layers
          .filter(({ b }) => b.status !== "certified")
          .map(({ name, b }) => `${name} ${b.status} ${b.explains}`);
        if (!holds)
          wrong.push(
            `${id}, ${dialect} on ${engine.id}: ${problems.map(({ where, message }) => `${where} ${message}`).join("; ")}`,
          );
        else if (open.length > 0 && conversion.problems.length === 0)
          wrong.push(`${id}, ${dialect} on ${engine.id}: ${open.join("; ")}`);
      }
    }
    console.info(`${proofs} proofs`);
    expect(wrong).toEqual([]);
    expect(proofs).toBeGreaterThan(made.length / 2);
  }, 1_800_000);
});
