/** @file The kinds of steps that are tried, one file each. Adding one is a line here. */

import type { ArrangementKind, ValueKind } from "./step.ts";
import { affine } from "./steps/affine.ts";
import { alpha } from "./steps/alpha.ts";
import { batchOrder } from "./steps/batch-order.ts";
import { cast } from "./steps/cast.ts";
import { channelOrder } from "./steps/channel-order.ts";
import { crop } from "./steps/crop.ts";
import { flip } from "./steps/flip.ts";
import { grayscale } from "./steps/grayscale.ts";
import { indexOffset } from "./steps/index-offset.ts";
import { layout } from "./steps/layout.ts";
import { oneHot } from "./steps/one-hot.ts";
import { paddingSide } from "./steps/padding-side.ts";
import { resize } from "./steps/resize.ts";
import { rotate } from "./steps/rotate.ts";
import { shiftPixels } from "./steps/shift-pixels.ts";
import { truncate } from "./steps/truncate.ts";

export const ARRANGEMENTS: readonly ArrangementKind[] = [
  layout,
  channelOrder,
  flip,
  rotate,
  crop,
  resize,
  shiftPixels,
  grayscale,
  alpha,
  truncate,
  paddingSide,
  oneHot,
  batchOrder,
];

/** After all arrangements, element by element. */
export const VALUES: readonly ValueKind[] = [indexOffset, affine, cast];
