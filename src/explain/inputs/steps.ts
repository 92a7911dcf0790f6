/** @file The kinds of steps that are tried, one file each. Adding one is a line here. */

import type { ArrangementKind, ValueKind } from "./step.ts";
import { affine } from "./steps/affine.ts";
import { cast } from "./steps/cast.ts";
import { channelOrder } from "./steps/channel-order.ts";
import { crop } from "./steps/crop.ts";
import { flip } from "./steps/flip.ts";
import { indexOffset } from "./steps/index-offset.ts";
import { layout } from "./steps/layout.ts";
import { rotate } from "./steps/rotate.ts";
import { shiftPixels } from "./steps/shift-pixels.ts";

export const ARRANGEMENTS: readonly ArrangementKind[] = [
  layout,
  channelOrder,
  flip,
  rotate,
  crop,
  shiftPixels,
];

/** After all arrangements, element by element. */
export const VALUES: readonly ValueKind[] = [indexOffset, affine, cast];
