/** @file Every rewrite, one line each, in the order in which they are tried. */

import { activationApart } from "./activation-apart.ts";
import { activationAsLayers } from "./activation-as-layers.ts";
import { axisLast } from "./axis-last.ts";
import { channelsLast } from "./channels-last.ts";
import { denseKernel } from "./dense-kernel.ts";
import { dequantized } from "./dequantized.ts";
import { explicitPadding } from "./explicit-padding.ts";
import { flattenShort } from "./flatten-short.ts";
import { identityLayers } from "./identity-layers.ts";
import { keepDims } from "./keep-dims.ts";
import { lineAsImage } from "./line-as-image.ts";
import { naturalOutputPadding } from "./natural-output-padding.ts";
import { normalizationAsBatch, normalizationAsRescaling } from "./normalization.ts";
import { reluParts } from "./relu-parts.ts";
import { repeatedInput } from "./repeated-input.ts";
import type { Rewrite } from "./rewrite.ts";
import { subtractAsAdd } from "./subtract.ts";
import { unrolledGru } from "./unrolled-gru.ts";

export const REWRITES: readonly Rewrite[] = [
  dequantized,
  repeatedInput,
  identityLayers,
  unrolledGru,
  activationAsLayers,
  reluParts,
  subtractAsAdd,
  normalizationAsBatch,
  normalizationAsRescaling,
  naturalOutputPadding,
  keepDims,
  flattenShort,
  channelsLast,
  axisLast,
  denseKernel,
  lineAsImage,
  explicitPadding,
  activationApart,
];
