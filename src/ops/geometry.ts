/** @file Where windows fall: padding and output extents of convolutions and pooling, the same for every reading. */

import type { Dim, Dims } from "../tensor/tensor.ts";
import type { Padding } from "./ops.ts";

/** Extent of a window whose elements lie `dilation` apart. */
export const spanOf = (window: number, dilation: number): number => (window - 1) * dilation + 1;

/** Extent after laying `dilation - 1` zeros between elements. */
export const dilatedExtent = (extent: number, dilation: number): number =>
  extent === 0 ? 0 : (extent - 1) * dilation + 1;

/** Zeros before and after, as Keras and TensorFlow lay them: `same` puts the odd one at the end. */
export function paddingOf(
  padding: Padding,
  axis: number,
  extent: number,
  span: number,
  stride: number,
): readonly [number, number] {
  if (padding === "valid") return [0, 0];
  if (padding === "same") {
    const total = Math.max((Math.ceil(extent / stride) - 1) * stride + span - extent, 0);
    const before = Math.floor(total / 2);
    return [before, total - before];
  }
  return padding[axis] ?? [0, 0];
}

/** How many windows fit; never below 0. */
export function windowsIn(
  extent: number,
  span: number,
  stride: number,
  [before, after]: readonly [number, number],
): number {
  return Math.max(Math.floor((extent + before + after - span) / stride) + 1, 0);
}

export interface Window {
  readonly window: readonly number[];
  readonly strides: readonly number[];
  readonly dilation?: readonly number[];
  readonly inputDilation?: readonly number[];
  readonly padding: Padding;
}

/** Spatial output extents for spatial input extents; unknown stays unknown. */
export function outputExtents(
  spatial: Dims,
  { window, strides, dilation, inputDilation, padding }: Window,
): Dim[] {
  return spatial.map((extent, axis) => {
    if (extent === null) return null;
    const wide = dilatedExtent(extent, inputDilation?.[axis] ?? 1);
    const span = spanOf(window[axis] ?? 1, dilation?.[axis] ?? 1);
    const stride = strides[axis] ?? 1;
    return windowsIn(wide, span, stride, paddingOf(padding, axis, wide, span, stride));
  });
}
