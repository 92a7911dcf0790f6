/** @file Every layer family, one line each. */

import { activationLayer } from "./activation-layer.ts";
import { batchNormalization } from "./batch-normalization.ts";
import { bidirectional } from "./bidirectional.ts";
import { concatenate } from "./concatenate.ts";
import { conv1d, conv2d } from "./conv.ts";
import { conv2dTranspose } from "./conv-transpose.ts";
import { cropping1d, cropping2d } from "./cropping.ts";
import type { LayerDefinition } from "./define.ts";
import { dense } from "./dense.ts";
import { depthwiseConv2d } from "./depthwise-conv.ts";
import { dot } from "./dot.ts";
import {
  activityRegularization,
  alphaDropout,
  dropout,
  gaussianDropout,
  gaussianNoise,
  identity,
  spatialDropout1d,
  spatialDropout2d,
  spatialDropout3d,
} from "./dropout.ts";
import { eluLayer } from "./elu.ts";
import { embedding } from "./embedding.ts";
import { flatten } from "./flatten.ts";
import {
  globalAveragePooling1d,
  globalAveragePooling2d,
  globalMaxPooling1d,
  globalMaxPooling2d,
} from "./global-pooling.ts";
import { gru } from "./gru.ts";
import { inputLayer } from "./input-layer.ts";
import { layerNormalization } from "./layer-normalization.ts";
import { leakyRelu } from "./leaky-relu.ts";
import { lstm } from "./lstm.ts";
import { masking } from "./masking.ts";
import { addLayer, averageLayer, maximumLayer, minimumLayer, multiplyLayer, subtractLayer } from "./merge.ts";
import { normalization } from "./normalization.ts";
import { permute } from "./permute.ts";
import { averagePooling1d, averagePooling2d, maxPooling1d, maxPooling2d } from "./pooling.ts";
import { prelu } from "./prelu.ts";
import { reluLayer } from "./relu.ts";
import { repeatVector } from "./repeat-vector.ts";
import { rescaling } from "./rescaling.ts";
import { reshape } from "./reshape.ts";
import { separableConv2d } from "./separable-conv.ts";
import { simpleRnn } from "./simple-rnn.ts";
import { softmaxLayer } from "./softmax-layer.ts";
import { timeDistributed } from "./time-distributed.ts";
import { unitNormalization } from "./unit-normalization.ts";
import { upSampling1d, upSampling2d } from "./upsampling.ts";
import { zeroPadding1d, zeroPadding2d } from "./zero-padding.ts";

export const LAYERS: readonly LayerDefinition[] = [
  dense,
  inputLayer,
  dropout,
  spatialDropout1d,
  spatialDropout2d,
  spatialDropout3d,
  gaussianDropout,
  gaussianNoise,
  alphaDropout,
  activityRegularization,
  identity,
  flatten,
  reshape,
  permute,
  repeatVector,
  addLayer,
  subtractLayer,
  multiplyLayer,
  averageLayer,
  maximumLayer,
  minimumLayer,
  concatenate,
  dot,
  zeroPadding1d,
  zeroPadding2d,
  cropping1d,
  cropping2d,
  upSampling1d,
  upSampling2d,
  reluLayer,
  leakyRelu,
  eluLayer,
  prelu,
  softmaxLayer,
  rescaling,
  unitNormalization,
  normalization,
  batchNormalization,
  bidirectional,
  embedding,
  gru,
  layerNormalization,
  lstm,
  masking,
  simpleRnn,
  timeDistributed,
  activationLayer,
  conv1d,
  conv2d,
  depthwiseConv2d,
  separableConv2d,
  conv2dTranspose,
  maxPooling1d,
  averagePooling1d,
  maxPooling2d,
  averagePooling2d,
  globalMaxPooling1d,
  globalAveragePooling1d,
  globalMaxPooling2d,
  globalAveragePooling2d,
];
