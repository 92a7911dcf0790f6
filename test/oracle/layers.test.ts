/**
 * @file Every layer definition against real Keras: what was recorded lies within the derived bound of the reference,
 * element by element, and shapes, masks and weights are those that Keras made.
 *
 * `VERNIER_ORACLE_PRINT=1` prints how much of the bound each class uses.
 */

import { readdirSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { bindLayer, contextOf } from "../../src/layers/bind.ts";
import type { LayerDefinition } from "../../src/layers/define.ts";
import { LAYERS } from "../../src/layers/index.ts";
import { definitionsIn, oracleCasesOf } from "../../src/layers/samples.ts";
import {
  type BoundLayer,
  type CallArgs,
  KERAS2_MASKS,
  KERAS3_MASKS,
  type LayerResult,
} from "../../src/model/layer.ts";
import { TENSORFLOW_CPU_FLOAT32 } from "../../src/numerics/engines.ts";
import { type Bounded, boundedOps, exact } from "../../src/ops/bounded.ts";
import { float64Ops } from "../../src/ops/float64.ts";
import type { Ops } from "../../src/ops/ops.ts";
import { shapeOps } from "../../src/ops/shape.ts";
import type { RealTensor } from "../../src/tensor/tensor.ts";
import {
  decode,
  isEncoded,
  type RecordedCase,
  recordedCases,
  recordedFamilies,
  titleOf,
} from "./recorded.ts";

const SOURCES = new URL("../../src/layers/", import.meta.url);
const used = new Map<string, number[]>();

async function definitionsByFamily(): Promise<Map<string, LayerDefinition[]>> {
  const families = new Map<string, LayerDefinition[]>();
  for (const file of readdirSync(SOURCES)) {
    if (!file.endsWith(".ts") || file.endsWith(".test.ts") || file === "index.ts") continue;
    const found = definitionsIn(await import(new URL(file, SOURCES).href)).filter((one) =>
      LAYERS.includes(one),
    );
    if (found.length > 0) families.set(file.slice(0, -".ts".length), found);
  }
  return families;
}

const families = await definitionsByFamily();

test("every registered layer has samples, and is exported by exactly one file", () => {
  expect([...families.values()].flat()).toHaveLength(LAYERS.length);
  // An InputLayer is never called: there is nothing to record.
  const computing = LAYERS.filter(({ classNames }) => classNames[0] !== "InputLayer");
  for (const { classNames, samples } of computing) expect(samples.length, classNames[0]).toBeGreaterThan(0);
});

test("what is recorded is what the samples ask for, no more and no less", () => {
  const asked = [...families]
    .flatMap(([family, definitions]) =>
      definitions.flatMap((definition) => oracleCasesOf(family, definition)),
    )
    .flatMap(({ family, id, dialects }) => dialects.map((dialect) => `${family}/${id}/${dialect}`));
  const recorded = recordedFamilies()
    .flatMap(recordedCases)
    .map(({ family, id, dialect }) => `${family}/${id}/${dialect}`);
  expect(recorded.sort()).toEqual(asked.sort());
});

for (const family of recordedFamilies()) {
  describe(family, () => {
    for (const recorded of recordedCases(family)) {
      const { id, dialect, config } = recorded;
      test(`${id} in ${dialect} computes what Keras recorded: ${titleOf(config)}`, () => compare(recorded));
    }
  });
}

function compare(recorded: RecordedCase): void {
  const layer = bind(recorded);
  expect(layer.unknown, "keys that no rule knows").toEqual([]);
  expect(layer.weights.map(({ name, shape }) => [name.split("/").at(-1), shape])).toEqual(
    recorded.weights.map(({ name, shape }) => [currentName(recorded, name.split("/").at(-1)), shape]),
  );
  const outputs = recorded.outputs.map(decode);

  const shapes = call(layer, recorded, shapeOps, ({ shape, dtype }) => ({ dims: shape, dtype }));
  expect(shapes.outputs.map(({ dims }) => dims)).toEqual(outputs.map(({ shape }) => shape));

  const reference = call(layer, recorded, float64Ops(), (tensor) => tensor);
  expect(reference.outputs.map(({ shape }) => shape)).toEqual(outputs.map(({ shape }) => shape));
  expect(reference.masks.map((mask) => mask && [mask.shape, [...mask.data]])).toEqual(
    recorded.outputMasks.map((mask) => mask && [mask.shape, [...decode(mask).data]]),
  );

  const readings = Array.from({ length: layer.formulas }, (_, formula) =>
    call(layer, recorded, boundedOps(TENSORFLOW_CPU_FLOAT32), exact, formula),
  );
  outputs.forEach((output, i) =>
    within(
      recorded,
      output,
      reference.outputs[i],
      readings.map((r) => r.outputs[i]),
    ),
  );
}

/** |Keras − reference| ≤ the largest bound of any formula, where formulas may differ from the first by rounding. */
function within(
  { className }: RecordedCase,
  output: RealTensor,
  reference: RealTensor | undefined,
  readings: readonly (Bounded | undefined)[],
): void {
  const shares: number[] = [];
  output.data.forEach((keras, i) => {
    const expected = reference?.data[i] ?? Number.NaN;
    const bound = Math.max(...readings.map((r) => r?.radius?.[i] ?? 0));
    if (Object.is(keras, expected) || keras === expected) {
      if (bound > 0) shares.push(0);
      return;
    }
    if (Number.isNaN(keras) && Number.isNaN(expected)) return;
    const error = Math.abs(keras - expected);
    if (!(error <= bound)) expect.fail(`element ${i}: Keras ${keras}, reference ${expected}, bound ${bound}`);
    expect(bound, `element ${i}: nothing is claimed`).toBeLessThan(Number.POSITIVE_INFINITY);
    shares.push(error / bound);
  });
  used.set(className, [...(used.get(className) ?? []), ...shares]);
}

/** Keras 3 renamed one weight; definitions use its names. */
const currentName = ({ className, dialect }: RecordedCase, name: string | undefined): string | undefined =>
  className === "DepthwiseConv2D" && dialect === "keras2" && name === "depthwise_kernel" ? "kernel" : name;

function bind({ className, config, dialect, inputs }: RecordedCase): BoundLayer {
  return bindLayer(
    { class_name: className, config },
    contextOf({
      dialect,
      maskRules: dialect === "keras2" ? KERAS2_MASKS : KERAS3_MASKS,
      inputs: inputs.map(({ shape }) => shape),
      where: [],
    }),
  );
}

function call<T>(
  layer: BoundLayer,
  { inputs, masks, weights, kwargs }: RecordedCase,
  ops: Ops<T>,
  lift: (tensor: RealTensor) => T,
  formula = 0,
): LayerResult<T> {
  const states = kwargs["initial_state"];
  const initial = (Array.isArray(states) ? states : [states])
    .filter(isEncoded)
    .map((state) => lift(decode(state)));
  const args: CallArgs<T> = initial.length > 0 ? { initial_state: initial } : {};
  return layer.evaluate(
    ops,
    {
      weights: new Map(
        layer.weights.map(({ name }, i) => {
          const weight = weights[i];
          if (weight === undefined) throw new Error(`${name} was not recorded`);
          return [name, lift(decode(weight))];
        }),
      ),
      inputs: inputs.map((input) => lift(decode(input))),
      masks: masks.map((mask) => mask && lift(decode(mask))),
      args,
    },
    formula,
  );
}

afterAll(() => {
  if (process.env["VERNIER_ORACLE_PRINT"] === undefined) return;
  for (const [className, shares] of used) {
    const sorted = shares.sort((a, b) => a - b);
    const [median = 0, most = 0] = [sorted[sorted.length >> 1], sorted.at(-1)];
    console.log(
      `${className}: median ${median.toFixed(4)}, largest ${most.toFixed(4)} of the bound, ${sorted.length} elements`,
    );
  }
});
