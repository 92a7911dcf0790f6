/** @file Folded normalizations: the bound holds for every way to fold in float32, and some way comes near it. */

import { expect, test } from "vitest";
import { ModelBuilder } from "../../test/models.ts";
import type { Model } from "../model/model.ts";
import { weightCache } from "../model/weights.ts";
import { randomFrom } from "../numerics/random.ts";
import { realFromTensor, type Tensor } from "../tensor/tensor.ts";
import { type WeightForm, weightForms } from "./weight-forms.ts";

const f = Math.fround;
const EPSILON = 1e-3;

function convolutionWithNormalization(seed: number, bias: boolean): Model {
  const builder = new ModelBuilder(seed);
  const x = builder.input("x", [null, 8, 8, 3]);
  const conv = { filters: 6, kernel_size: 3, use_bias: bias };
  const y = builder.layer("conv", { class_name: "Conv2D", config: conv }, x);
  const norm = { epsilon: EPSILON };
  const z = builder.layer("norm", { class_name: "BatchNormalization", config: norm }, y);
  return withPositiveVariance(builder.output(z).build());
}

const withPositiveVariance = (model: Model): Model => ({
  ...model,
  layers: model.layers.map((entry) => ({
    ...entry,
    weights: entry.weights.map((weight) =>
      weight.spec.name !== "moving_variance"
        ? weight
        : {
            ...weight,
            async read(): Promise<Tensor> {
              const { data, ...rest } = realFromTensor(await weight.read());
              return { ...rest, data: Float32Array.from(data, (value) => value * value * 1e-3) };
            },
          },
    ),
  })),
});

/** The scale in float32, by division or by a reciprocal root; the offset by either sum. */
const SCALES: readonly ((g: number, v: number) => number)[] = [
  (g, v) => f(g / f(Math.sqrt(f(v + f(EPSILON))))),
  (g, v) => f(g * f(1 / f(Math.sqrt(f(v + f(EPSILON)))))),
];
const OFFSETS: readonly ((b: number, c: number, m: number, s: number) => number)[] = [
  (b, c, m, s) => f(b + f(f(c - m) * s)),
  (b, c, m, s) => f(f(b - f(m * s)) + f(c * s)),
];

function largestRatio(form: WeightForm, given: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < form.size; i++) {
    const error = Math.abs(form.valueAt(i) - (given[i] ?? Number.NaN));
    most = Math.max(most, error === 0 ? 0 : error / form.boundAt(i));
  }
  return most;
}

test("every way to fold stays within the bound, and some way uses a tenth of it", async () => {
  const most = { kernel: 0, offset: 0, scale: 0 };
  for (let seed = 0; seed < 200; seed++) {
    const hasBias = seed % 2 === 0;
    const model = convolutionWithNormalization(seed, hasBias);
    const cache = weightCache();
    const forms = await weightForms(model, cache);
    const [conv, norm] = [await cache.weightsOf(model, 0), await cache.weightsOf(model, 1)];
    const of = (name: string): Float64Array => norm.get(name)?.data ?? new Float64Array();
    const kernel = conv.get("kernel")?.data ?? new Float64Array();
    const bias = conv.get("bias")?.data ?? new Float64Array(6);
    const random = randomFrom(seed);
    const scale = SCALES[random.integer(0, SCALES.length)];
    const offset = OFFSETS[random.integer(0, OFFSETS.length)];
    if (scale === undefined || offset === undefined) return expect.unreachable();
    const scales = of("gamma").map((g, i) => scale(g, of("moving_variance")[i] ?? 0));
    const folded = kernel.map((value, i) => f(value * (scales[i % 6] ?? 0)));
    const offsets = of("beta").map((b, i) =>
      offset(b, bias[i] ?? 0, of("moving_mean")[i] ?? 0, scales[i] ?? 0),
    );
    const form = (kind: string, weight: (name: string) => boolean): WeightForm => {
      const found = forms.find((entry) => entry.kind === kind && weight(entry.weight));
      if (found === undefined) throw new Error(`no form ${kind}`);
      return found;
    };
    const onKernel = largestRatio(
      form("folded", (name) => name === "kernel"),
      folded,
    );
    const onOffset = largestRatio(
      form("folded", (name) => name !== "kernel"),
      offsets,
    );
    const onScale = largestRatio(
      form("scale", () => true),
      scales,
    );
    expect(Math.max(onKernel, onOffset, onScale)).toBeLessThanOrEqual(1);
    most.kernel = Math.max(most.kernel, onKernel);
    most.offset = Math.max(most.offset, onOffset);
    most.scale = Math.max(most.scale, onScale);
  }
  expect(Math.min(most.kernel, most.offset, most.scale)).toBeGreaterThan(0.1);
});

test("each folded form accounts for all weights that are in it", async () => {
  const forms = await weightForms(convolutionWithNormalization(1, true), weightCache());
  const accounts = forms
    .filter(({ kind }) => kind === "folded")
    .map(({ accounts: keys }) => [...keys].sort());
  expect(accounts).toEqual([
    ["0 kernel", "1 gamma", "1 moving_variance"],
    ["0 bias", "1 beta", "1 moving_mean"],
  ]);
});
