/** @file What another decoder or one more compression leaves: noise that follows the picture (see `noise.ts`). */

import type { Step } from "../step.ts";

export const jpegStep: Step = {
  id: "jpeg",
  params: {},
  bits: 1,
  // Nothing computes it away: both sides have to decode the same bytes with the same decoder.
  js: (x) => x,
  python: (x) => x,
  undo: (x) => x,
};
