/**
 * @file Certificates on engines made of the formulas themselves, rounded to float32 and spoilt on purpose. Longer than 300
 * lines because these engines are made here, for these tests alone.
 */

import { expect, test } from "vitest";
import { ModelBuilder, weightsOf } from "../../test/models.ts";
import type { TracedCall, TracedCell } from "../engines/engine.ts";
import { hashTensor } from "../engines/hash.ts";
import { contextOf } from "../layers/bind.ts";
import { defineLayer, type FormulaCall, type LayerDefinition, result, weight } from "../layers/define.ts";
import { evaluate } from "../model/evaluate.ts";
import { KERAS3_MASKS } from "../model/layer.ts";
import type { Model } from "../model/model.ts";
import { tf32Operands } from "../numerics/coarser.ts";
import { TFJS_CPU_FLOAT32 } from "../numerics/engines.ts";
import { roundToBfloat16, roundToFloat16 } from "../numerics/formats.ts";
import { add, at, expand_dims, scalar, stack } from "../ops/derived.ts";
import { float64Ops } from "../ops/float64.ts";
import type { Ops } from "../ops/ops.ts";
import { type Dims, type RealTensor, realFromTensor, type Tensor } from "../tensor/tensor.ts";
import { certify } from "./certify.ts";
import { syntheticInputs } from "./synthetic.ts";
import { alignTrace } from "./trace.ts";

const ops = float64Ops();
const dense = (units: number, activation = "tanh") => ({
  class_name: "Dense",
  config: { units, activation },
});

interface Spoil {
  /** How each layer's outputs are stored. */
  readonly round?: (x: number) => number;
  /** Added to one element of one layer's output. */
  readonly fault?: { readonly path: string; readonly by: number };
  /** Layers that forget their mask. */
  readonly unmasked?: readonly string[];
  readonly shuffled?: boolean;
  /** How products take their operands. */
  readonly operands?: (x: number) => number;
}

/** What an engine would report: every call on the values stored before it. */
async function run(model: Model, inputs: readonly Tensor[], spoil: Spoil = {}): Promise<TracedCall[]> {
  const { round = Math.fround, fault, unmasked = [], shuffled = false, operands } = spoil;
  const held = (x: RealTensor): RealTensor =>
    operands === undefined ? x : { ...x, data: x.data.map(operands) };
  const engineOps: typeof ops = { ...ops, matmul: (x, y) => ops.matmul(held(x), held(y)) };
  const stored = ({ shape, data }: RealTensor): Tensor => ({
    shape,
    dtype: "float32",
    data: Float32Array.from(data, round),
  });
  const records: TracedCall[] = [];
  const given = new Map<number, RealTensor[]>();
  for (const [index, call] of model.calls.entries()) {
    const entry = model.layers[call.layer];
    if (entry === undefined) continue;
    const cells: TracedCell[] = [];
    let outputs: Tensor[] = [];
    let fed: Tensor[] = [];
    await evaluate<RealTensor>(model, engineOps, {
      inputs: inputs.map(realFromTensor),
      weightsOf: (layer) => weightsOf(model, layer),
      given: (other) => given.get(other),
      layerOf: (layer) =>
        layer !== call.layer
          ? (model.layers[layer] as Model["layers"][number]).layer
          : {
              ...entry.layer,
              evaluate: (o, raw, formula) => {
                const masks = unmasked.includes(entry.path) ? raw.masks.map(() => null) : raw.masks;
                return entry.layer.evaluate(o, { ...raw, masks }, formula);
              },
            },
      onCall: (other, { outputs: made }, { inputs: taken }) => {
        if (other !== index) return;
        outputs = made.map(stored);
        fed = taken.map(stored);
      },
    });
    if (entry.layer.states > 0) {
      // The loop once more, each step stored: the states of the next step are the stored ones.
      const { outputs: made } = entry.layer.evaluate(ops, {
        weights: await weightsOf(model, call.layer),
        inputs: fed.map(realFromTensor),
        masks: unmasked.includes(entry.path) ? [null] : [await maskAt(model, inputs, index)],
        step: ({ direction, input, states, compute }) => {
          const { output, states: next } = compute();
          cells.push({
            direction,
            inputs: [stored(input)],
            states: states.map(stored),
            outputs: [stored(output)],
            newStates: next.map(stored),
          });
          return {
            output: realFromTensor(stored(output)),
            states: next.map((s) => realFromTensor(stored(s))),
          };
        },
      });
      outputs = made.map(stored);
    }
    if (fault?.path === entry.path && outputs[0] !== undefined) {
      const data = Float32Array.from(outputs[0].data as Float32Array);
      data[0] = (data[0] ?? 0) + fault.by;
      outputs = [{ ...outputs[0], data }];
    }
    given.set(index, outputs.map(realFromTensor));
    const hash = ({ shape, data }: Tensor): string => `own ${hashTensor(shape, data)}`;
    records.push({
      path: entry.path,
      className: entry.layer.className,
      inputHashes: fed.map(hash),
      outputs,
      outputHashes: outputs.map(hash),
      cells,
    });
  }
  return shuffled ? records.reverse() : records;
}

async function maskAt(model: Model, inputs: readonly Tensor[], index: number): Promise<RealTensor | null> {
  let mask: RealTensor | null = null;
  await evaluate<RealTensor>(model, ops, {
    inputs: inputs.map(realFromTensor),
    weightsOf: (layer) => weightsOf(model, layer),
    onCall: (call, _, { masks }) => {
      if (call === index) mask = masks[0] ?? null;
    },
  });
  return mask;
}

async function certificates(model: Model, spoil: Spoil = {}) {
  const inputs = syntheticInputs(model, 3, 7);
  const trace = alignTrace(model, await run(model, inputs, spoil), inputs, []);
  const found = await certify(model, trace, inputs, TFJS_CPU_FLOAT32, (layer) => weightsOf(model, layer));
  return { trace, byId: new Map(found.map((certificate, i) => [model.calls[i]?.id, certificate])) };
}

function plain(): Model {
  const m = new ModelBuilder();
  const hidden = m.layer("hidden", dense(20), m.input("x", [null, 40]));
  return m.output(m.layer("top", dense(5), m.layer("drop", { class_name: "Dropout" }, hidden))).build();
}

test("float32 arithmetic is certified, and its error is not nothing", async () => {
  const { byId } = await certificates(plain());
  expect([...byId.values()].map(({ status }) => status)).toEqual(Array(4).fill("certified"));
  const { error, bound } = byId.get("hidden") as { error: number; bound: number };
  expect(error).toBeGreaterThan(0);
  expect(error).toBeLessThan(bound);
});

test("one element beyond the bound refutes its layer and no other", async () => {
  const { byId } = await certificates(plain(), { fault: { path: "hidden", by: 1e-4 } });
  expect(byId.get("hidden")).toMatchObject({ status: "refuted", index: [0, 0], detail: null });
  expect(byId.get("top")?.status).toBe("certified");
});

test("a NaN where the reference has a number is refuted", async () => {
  const { byId } = await certificates(plain(), { fault: { path: "hidden", by: Number.NaN } });
  expect(byId.get("hidden")).toMatchObject({ status: "refuted", error: Infinity });
});

// bfloat16's grid is part of float16's.
test.each([
  ["float16", roundToFloat16],
  ["bfloat16", roundToBfloat16],
])(
  "activations on the grid of %s are explained by it; the same with a fault are not",
  async (name, round) => {
    const { byId } = await certificates(plain(), { round });
    expect(byId.get("hidden")).toMatchObject({ status: "coarser", explains: name });
    const spoilt = await certificates(plain(), { round, fault: { path: "top", by: 0.25 } });
    expect(spoilt.byId.get("top")?.status).toBe("refuted");
  },
);

test("products of operands cut to TF32 are explained by it, of operands cut further they are not", async () => {
  for (const operands of tf32Operands()) {
    const { byId } = await certificates(plain(), { operands });
    expect(byId.get("hidden")).toMatchObject({ status: "coarser", explains: "TF32" });
  }
  const { byId } = await certificates(plain(), { operands: roundToBfloat16 });
  expect(byId.get("hidden")?.status).toBe("refuted");
});

test("a mean that counts padded steps is refuted for its mask", async () => {
  const m = new ModelBuilder();
  const masked = m.layer("mask", bound(maskMaker), m.input("x", [null, 6, 2]));
  const model = m.output(m.layer("total", bound(total), masked)).build();
  const inputs = paddedInput(6);
  const records = await run(model, inputs, { unmasked: ["total"] });
  const trace = alignTrace(model, records, inputs, []);
  const found = await certify(model, trace, inputs, TFJS_CPU_FLOAT32, (layer) => weightsOf(model, layer));
  expect(found[2]).toMatchObject({ status: "refuted", detail: "mask" });
});

test("calls of a shared layer are found by what they were fed, in whatever order they ran", async () => {
  const m = new ModelBuilder();
  const [x, y] = [m.input("x", [null, 4]), m.input("y", [null, 4])];
  const [first, second] = [m.layer("twice", dense(3), x), m.layer("twice", dense(3), y)];
  const joined = m.layer("join", { class_name: "Concatenate" }, first, second);
  const { byId, trace } = await certificates(m.output(joined).build(), { shuffled: true });
  expect(trace.unmatched).toEqual([]);
  expect([byId.get("twice")?.status, byId.get("twice#1")?.status]).toEqual(["certified", "certified"]);
});

test("a layer that the engine did not call is not judged, nor is what it feeds", async () => {
  const model = plain();
  const inputs = syntheticInputs(model, 2, 1);
  const records = (await run(model, inputs)).filter(({ path }) => path !== "hidden" && path !== "drop");
  const trace = alignTrace(model, records, inputs, []);
  const found = await certify(model, trace, inputs, TFJS_CPU_FLOAT32, (layer) => weightsOf(model, layer));
  expect(found.map(({ status }) => status)).toEqual(["certified", "not-run", "not-run", "not-run"]);
});

/** Steps count whose first entry is not zero. */
const maskMaker = defineLayer({
  classNames: ["MaskMaker"],
  config: {},
  samples: [],
  call: (o, { input }) => result(input, o.compare("not_equal", at(o, input, 2, 0), scalar(o, 0))),
});
/** Adds up the steps that count, and one for each that does not. */
const total = defineLayer({
  classNames: ["Total"],
  config: {},
  samples: [],
  call(o, { input, mask }) {
    const ones = scalar(o, 1);
    return result(
      o.reduce("sum", mask === null ? input : o.where(expand_dims(o, mask, 2), input, ones), [1], false),
    );
  },
});
/** h ← tanh(x·K + h·R): a step that does not count keeps the state. */
const loop = defineLayer({
  classNames: ["Loop"],
  config: {},
  samples: [],
  states: () => 1,
  weights: () => [weight("kernel", [2, 3]), weight("recurrent", [3, 3])],
  call<T>(o: Ops<T>, { input, mask, weight: named, step }: FormulaCall<T, Record<string, never>>) {
    const steps = Number(o.dimsOf(input)[1]);
    const zeros = o.matmul(at(o, input, 1, 0), o.binary("multiply", named("kernel"), scalar(o, 0)));
    let state = zeros;
    const outputs: T[] = [];
    for (let index = 0; index < steps; index++) {
      const [x, h] = [at(o, input, 1, index), state];
      const { output } = step({
        direction: "",
        index,
        input: x,
        states: [h],
        compute: () => {
          const next = o.unary("tanh", add(o, o.matmul(x, named("kernel")), o.matmul(h, named("recurrent"))));
          return { output: next, states: [next] };
        },
      });
      state = mask === null ? output : o.where(expand_dims(o, at(o, mask, 1, index), 1), output, h);
      outputs.push(state);
    }
    return result(stack(o, outputs, 1), mask);
  },
});

function bound(definition: LayerDefinition) {
  return (inputs: readonly Dims[]) =>
    definition.bind({}, contextOf({ dialect: "keras3", maskRules: KERAS3_MASKS, inputs, where: [] }));
}

function recurrent(steps: number): Model {
  const m = new ModelBuilder();
  const masked = m.layer("mask", bound(maskMaker), m.input("x", [null, steps, 2]));
  return m.output(m.layer("loop", bound(loop), masked)).build();
}

/** The last third of every sample does not count. */
function paddedInput(steps: number): Tensor[] {
  const data = Float32Array.from({ length: 2 * steps * 2 }, (_, i) =>
    i % (steps * 2) >= steps ? 0 : Math.sin(i + 1),
  );
  return [{ shape: [2, steps, 2], dtype: "float32", data }];
}

async function recurrentCertificate(spoil: Spoil) {
  const model = recurrent(60);
  const inputs = paddedInput(60);
  const trace = alignTrace(model, await run(model, inputs, spoil), inputs, []);
  const found = await certify(model, trace, inputs, TFJS_CPU_FLOAT32, (layer) => weightsOf(model, layer));
  return found[2];
}

test("a recurrent layer over many steps is certified step by step, its mask included", async () => {
  const certificate = await recurrentCertificate({});
  expect(certificate).toMatchObject({ status: "certified", whole: false });
  expect(certificate?.bound).toBeLessThan(1e-5);
});

test("a recurrent layer that forgets its mask is refuted for that", async () => {
  expect(await recurrentCertificate({ unmasked: ["loop"] })).toMatchObject({
    status: "refuted",
    detail: "mask",
  });
});
