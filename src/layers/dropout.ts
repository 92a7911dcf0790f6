/** @file Dropout and the other layers that only act in training: in prediction each hands its input and mask through. */

import { defineLayer, type LayerDefinition, result, type Sample } from "./define.ts";

interface TrainingOnly {
  readonly training: readonly string[];
  readonly config: Sample["config"];
  /** With the batch. */
  readonly shape: readonly number[];
}

function trainingOnly(className: string, { training, config, shape }: TrainingOnly): LayerDefinition {
  return defineLayer({
    classNames: [className],
    config: {},
    training: [...training, "seed", "rng_type"],
    identity: true,
    call: (_ops, { input, mask }) => result(input, mask),
    samples: [
      { config, inputs: [{ shape }] },
      { config, inputs: [{ shape, mask: "ragged" }] },
    ],
  });
}

const rate = { rate: 0.5 };
// `p` is Keras 1's name of the rate, `sigma` that of the standard deviation.
const DROPOUT = ["rate", "p", "noise_shape"];
const SPATIAL = [...DROPOUT, "data_format", "dim_ordering"];

export const dropout = trainingOnly("Dropout", { training: DROPOUT, config: rate, shape: [2, 3, 4] });
export const spatialDropout1d = trainingOnly("SpatialDropout1D", {
  training: SPATIAL,
  config: rate,
  shape: [2, 3, 4],
});
export const spatialDropout2d = trainingOnly("SpatialDropout2D", {
  training: SPATIAL,
  config: rate,
  shape: [2, 3, 2, 4],
});
export const spatialDropout3d = trainingOnly("SpatialDropout3D", {
  training: SPATIAL,
  config: rate,
  shape: [2, 3, 2, 2, 3],
});
export const gaussianDropout = trainingOnly("GaussianDropout", {
  training: DROPOUT,
  config: rate,
  shape: [2, 3, 4],
});
export const gaussianNoise = trainingOnly("GaussianNoise", {
  training: ["stddev", "sigma"],
  config: { stddev: 0.3 },
  shape: [2, 3, 4],
});
export const alphaDropout = trainingOnly("AlphaDropout", {
  training: DROPOUT,
  config: rate,
  shape: [2, 3, 4],
});

export const identity = defineLayer({
  classNames: ["Identity"],
  config: {},
  identity: true,
  maskRule: "identity",
  call: (_ops, { input, mask, rules }) => result(input, rules.identity === "handed on" ? mask : null),
  samples: [
    { config: {}, inputs: [{ shape: [2, 3, 4] }] },
    { config: {}, inputs: [{ shape: [2, 3, 4], mask: "ragged" }] },
  ],
});

export const activityRegularization = trainingOnly("ActivityRegularization", {
  training: ["l1", "l2"],
  config: { l1: 0.1, l2: 0.2 },
  shape: [2, 3, 4],
});
