/**
 * @file What the bounds are judged on: every sample of every layer family, and larger shapes of the heavy layers.
 * Each case becomes one branch of a functional model.
 */

import type { Json, JsonObject } from "../../src/base/json.ts";
import type { Sample, SampleInput } from "../../src/layers/define.ts";
import { LAYERS } from "../../src/layers/index.ts";

export interface Branch {
  /** Name of the layer, and of its branch. */
  readonly name: string;
  readonly className: string;
  readonly config: JsonObject;
  readonly keras2: JsonObject;
  /** Without the batch. The last ones are initial states where `states` says so. */
  readonly inputs: readonly (SampleInput & { readonly shape: readonly number[] })[];
  /** How many of the inputs are initial states. */
  readonly states: number;
  /** One per input: comes through a Masking layer. */
  readonly masked: readonly boolean[];
}

const heavy = (
  className: string,
  config: JsonObject,
  shape: readonly number[],
  keras2 = config,
): HeavyCase => ({
  className,
  sample: { config, keras2, inputs: [{ shape: [1, ...shape] }] },
});
interface HeavyCase {
  readonly className: string;
  readonly sample: Sample;
}

/** Long sums, deep channels and known faults, which the small samples do not show. */
const HEAVY: readonly HeavyCase[] = [
  heavy("Dense", { units: 8 }, [4096]),
  heavy("Dense", { units: 96, activation: "gelu" }, [64]),
  heavy("Conv1D", { filters: 8, kernel_size: 9, padding: "same" }, [24, 32]),
  heavy("Conv2D", { filters: 8, kernel_size: 3, padding: "same" }, [6, 6, 128]),
  heavy("Conv2D", { filters: 64, kernel_size: 1 }, [3, 3, 256]),
  heavy("Conv2D", { filters: 3, kernel_size: 7, strides: 2, padding: "same" }, [17, 17, 3]),
  heavy("Conv2D", { filters: 3, kernel_size: [1, 3], strides: 2, padding: "same" }, [4, 4, 2]),
  heavy("Conv2D", { filters: 2, kernel_size: [2, 1], strides: [5, 2], padding: "same" }, [3, 3, 2]),
  heavy("DepthwiseConv2D", { kernel_size: 5, padding: "same" }, [9, 9, 16]),
  heavy("DepthwiseConv2D", { kernel_size: [1, 3], strides: 2, padding: "same" }, [4, 4, 3]),
  heavy("SeparableConv2D", { filters: 24, kernel_size: 3, padding: "same" }, [7, 7, 24]),
  heavy("Conv2DTranspose", { filters: 6, kernel_size: 4, strides: 2, padding: "same" }, [5, 5, 48]),
  heavy("BatchNormalization", {}, [6, 6, 32]),
  heavy("BatchNormalization", { axis: 1 }, [3, 4, 4]),
  heavy("BatchNormalization", { epsilon: 1e-5 }, [256]),
  heavy("LayerNormalization", {}, [5, 256]),
  heavy("LSTM", { units: 24, return_sequences: true }, [12, 32]),
  heavy("GRU", { units: 24, return_sequences: true, reset_after: false }, [12, 32]),
  heavy("SimpleRNN", { units: 24, return_sequences: true }, [12, 32]),
  heavy("MaxPooling2D", { pool_size: 3, strides: 2, padding: "same" }, [15, 15, 8]),
  heavy("AveragePooling2D", { pool_size: 5, strides: 2, padding: "same" }, [15, 15, 8]),
  heavy("GlobalAveragePooling2D", {}, [24, 24, 8]),
  heavy("GlobalAveragePooling1D", {}, [300, 8]),
  heavy("Softmax", {}, [1000]),
  heavy("Activation", { activation: "softmax" }, [4, 100]),
  heavy("UnitNormalization", {}, [512]),
  heavy("PReLU", {}, [16, 16, 4]),
  {
    className: "Dot",
    sample: { config: { axes: [2, 1] }, inputs: [{ shape: [1, 6, 512] }, { shape: [1, 512, 5] }] },
  },
  {
    className: "GlobalAveragePooling1D",
    sample: { config: {}, inputs: [{ shape: [1, 9, 6], mask: "ragged" }] },
  },
];

export function branches(): Branch[] {
  const counts = new Map<string, number>();
  const all = [
    ...LAYERS.flatMap(({ classNames: [className], samples }) =>
      samples.map((sample) => ({ className, sample })),
    ),
    ...HEAVY,
  ];
  return all.map(({ className, sample }) => {
    const count = (counts.get(className) ?? 0) + 1;
    counts.set(className, count);
    return branchOf(`${className}_${count}`.toLowerCase(), className, sample);
  });
}

function branchOf(
  name: string,
  className: string,
  { config, keras2 = config, inputs, args = {} }: Sample,
): Branch {
  const states = statesIn(args["initial_state"] ?? null);
  const all = [...inputs, ...states].map((input) => ({ ...input, shape: input.shape.slice(1) }));
  return {
    name,
    className,
    config,
    keras2,
    inputs: all,
    states: states.length,
    // Masking gives one mask value per step; other shapes of masks are held to recorded Keras only.
    masked: all.map(({ mask, shape }) => mask !== undefined && shape.length === 2),
  };
}

const statesIn = (given: Json): SampleInput[] =>
  (Array.isArray(given) ? given : [given]).filter((spec) => spec !== null) as unknown as SampleInput[];
