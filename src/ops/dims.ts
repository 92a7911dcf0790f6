/** @file Shapes of results, each rule once: the shape reading is these, the other readings check with them. */

import { VernierError } from "../base/errors.ts";
import { type Dim, type Dims, normalizeAxis } from "../tensor/tensor.ts";
import { broadcastDims, formatDims } from "./broadcast.ts";
import { outputExtents } from "./geometry.ts";
import type { ConvOptions, PoolOptions } from "./ops.ts";

const refuse = (expected: string, received: Dims): never => {
  throw new VernierError("tensor.shape", { expected, received: formatDims(received) });
};

/** `null` when a factor is unknown. */
const product = (dims: Dims): Dim =>
  dims.reduce<Dim>((size, dim) => (size === null || dim === null ? null : size * dim), 1);

const known = (dims: Dims): number => dims.reduce<number>((size, dim) => size * (dim ?? 1), 1);

/** One target may be -1; `null` targets are dimensions known only when running. */
export function reshapeDims(from: Dims, to: Dims): Dim[] {
  const free = to.filter((dim) => dim === -1 || dim === null).length;
  if (to.filter((dim) => dim === -1).length > 1) return refuse("at most one -1 in the target", to);
  const size = product(from);
  const rest = known(to.map((dim) => (dim === -1 ? null : dim)));
  if (size === null) {
    // A single unknown on either side is the batch: it takes up the rest, which must be whole for the known part.
    if (free === 0) return [...to];
    const unknowns = from.filter((dim) => dim === null).length;
    const kept = to.filter((dim) => dim === null).length;
    if (unknowns === 1 && kept === 1 && to.includes(-1)) {
      const own = known(from);
      if (rest === 0 || own % rest !== 0) return refuse(`a size that ${formatDims(to)} divides`, from);
      return to.map((dim) => (dim === -1 ? own / rest : dim));
    }
    if (unknowns === 1 && kept === 1 && known(from) !== rest)
      return refuse(`as many elements as ${formatDims(to)}`, from);
    return to.map((dim) => (dim === -1 ? null : dim));
  }
  if (free === 0) return size === rest ? [...to] : refuse(`as many elements as ${formatDims(to)}`, from);
  if (free > 1) return refuse("at most one unknown in the target", to);
  if (rest === 0 ? size !== 0 : size % rest !== 0)
    return refuse(`a size that ${formatDims(to)} divides`, from);
  return to.map((dim) => (dim === -1 || dim === null ? (rest === 0 ? 0 : size / rest) : dim));
}

export function transposeDims(dims: Dims, permutation: readonly number[]): Dim[] {
  const axes = permutation.map((axis) => normalizeAxis(axis, dims.length));
  if (axes.length !== dims.length || new Set(axes).size !== axes.length) {
    return refuse(`rank ${permutation.length}, each axis once in [${permutation.join(", ")}]`, dims);
  }
  return axes.map((axis) => dims[axis] ?? null);
}

export function broadcastToDims(from: Dims, to: Dims): Dim[] {
  const both = broadcastDims(from, to);
  const fits = both.length === to.length && both.every((dim, axis) => dim === to[axis] || to[axis] === null);
  return fits ? both : refuse(`one that broadcasts to ${formatDims(to)}`, from);
}

export function concatenateDims(all: readonly Dims[], axis: number): Dim[] {
  const first = all[0] ?? refuse("at least one tensor", []);
  const at = normalizeAxis(axis, first.length);
  return first.map((_, i) => {
    const dims = all.map((other) =>
      other.length === first.length ? (other[i] ?? null) : refuse(`rank ${first.length}`, other),
    );
    if (i === at) return dims.reduce<Dim>((sum, dim) => (sum === null || dim === null ? null : sum + dim), 0);
    const given = dims.filter((dim) => dim !== null);
    const odd = dims.findIndex((dim) => dim !== null && dim !== given[0]);
    return odd < 0
      ? (given[0] ?? null)
      : refuse(`that of the first, ${formatDims(first)}, except on axis ${at}`, all[odd] ?? []);
  });
}

export interface Range {
  readonly start: number;
  readonly step: number;
  readonly count: number;
}

/** Python's slice of an axis of `extent` elements. */
export function rangeOf(extent: number, start: number, stop: Dim, step: number): Range {
  const clamp = (index: number): number => {
    const at = index < 0 ? index + extent : index;
    return step > 0 ? Math.min(Math.max(at, 0), extent) : Math.min(Math.max(at, -1), extent - 1);
  };
  const from = clamp(start);
  const to = stop === null ? (step > 0 ? extent : -1) : clamp(stop);
  return { start: from, step, count: Math.max(Math.ceil((to - from) / step), 0) };
}

export function sliceDims(dims: Dims, axis: number, start: number, stop: Dim, step: number): Dim[] {
  const at = normalizeAxis(axis, dims.length);
  const cut = (extent: Dim): Dim => {
    if (extent !== null) return rangeOf(extent, start, stop, step).count;
    const whole = stop === null && (step === 1 ? start === 0 : step === -1 && start === -1);
    return whole ? null : countWithoutExtent(start, stop, step);
  };
  return dims.map((dim, i) => (i === at ? cut(dim) : dim));
}

/** On an unknown axis only slices that count from one end are known: [0:1], [-1:]; taken to fit. */
function countWithoutExtent(start: number, stop: Dim, step: number): Dim {
  const end = stop ?? (start < 0 && step > 0 ? 0 : null);
  if (end === null || (stop !== null && start < 0 !== stop < 0)) return null;
  return Math.max(Math.ceil((end - start) / step), 0);
}

export function padDims(dims: Dims, widths: readonly (readonly [number, number])[]): Dim[] {
  if (widths.length !== dims.length) return refuse(`rank ${widths.length}`, dims);
  return dims.map((dim, axis) => {
    const [before, after] = widths[axis] ?? [0, 0];
    return dim === null ? null : dim + before + after;
  });
}

export function takeDims(dims: Dims, indices: Dims, axis: number): Dim[] {
  const at = normalizeAxis(axis, dims.length);
  return [...dims.slice(0, at), ...indices, ...dims.slice(at + 1)];
}

export function reduceDims(dims: Dims, axes: readonly number[], keepdims: boolean): Dim[] {
  const reduced = axes.map((axis) => normalizeAxis(axis, dims.length));
  return dims.flatMap((dim, axis) => (reduced.includes(axis) ? (keepdims ? [1] : []) : [dim]));
}

export function matmulDims(x: Dims, y: Dims): Dim[] {
  if (x.length < 2) return refuse("rank 2 or more", x);
  if (y.length < 2) return refuse("rank 2 or more", y);
  const k = x.at(-1) ?? null;
  const rows = y.at(-2) ?? null;
  if (k !== null && rows !== null && k !== rows)
    return refuse(`[…, ${k}, n] to multiply ${formatDims(x)} by`, y);
  return [...broadcastDims(x.slice(0, -2), y.slice(0, -2)), x.at(-2) ?? null, y.at(-1) ?? null];
}

export function convDims(x: Dims, kernel: Dims, options: ConvOptions): Dim[] {
  const spatial = kernel.length - 2;
  const window = kernel.slice(0, spatial).map((dim) => dim ?? refuse("a kernel of known extents", kernel));
  if (spatial < 1 || x.length !== kernel.length) return refuse(`rank ${kernel.length}, as the kernel has`, x);
  const channels = x.at(-1) ?? null;
  const perGroup = kernel.at(-2) ?? null;
  const filters = kernel.at(-1) ?? null;
  if (channels !== null && perGroup !== null && channels !== perGroup * options.groups) {
    return refuse(`${perGroup * options.groups} channels last (${options.groups} groups of ${perGroup})`, x);
  }
  if (filters !== null && filters % options.groups !== 0)
    return refuse(`filters in ${options.groups} groups`, kernel);
  const { strides, dilation, padding, inputDilation } = options;
  const given = {
    window,
    strides,
    dilation,
    padding,
    ...(inputDilation === undefined ? {} : { inputDilation }),
  };
  return [x[0] ?? null, ...outputExtents(x.slice(1, -1), given), filters];
}

export function poolDims(x: Dims, options: PoolOptions): Dim[] {
  if (x.length !== options.window.length + 2) return refuse(`rank ${options.window.length + 2}`, x);
  return [x[0] ?? null, ...outputExtents(x.slice(1, -1), options), x.at(-1) ?? null];
}
