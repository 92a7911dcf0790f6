/** @file Another dtype: integers by truncation or rounding, bytes that wrap or saturate, half precision. */

import { FLOAT16, roundTo } from "../../../numerics/formats.ts";
import type { DType } from "../../../tensor/dtype.ts";
import { choiceBits } from "../bits.ts";
import { grouped, type Numbers, type ValueKind, type ValueStep } from "../step.ts";
import { affineSteps } from "./affine.ts";

type Rounding = "truncate" | "nearest" | "floor";

export const cast: ValueKind = {
  id: "cast",
  propose(pairs, to, from) {
    if (to.isWhole) {
      const roundings = integerCasts(to);
      // What mixes pixels of bytes rounds to bytes itself; a scale that moves 255 by less than 1 is that rounding too.
      const isMixed = from.isBytes && !from.isWhole && to.isBytes;
      const alone = from.isWhole
        ? []
        : roundings
            .filter(({ params }) => !isMixed || params["rounding"] !== "nearest")
            .map((step) => [step]);
      const scaled = affineSteps(pairs, to, from)
        .filter(({ params }) => !isMixed || Math.abs(Number(params["scale"]) - 1) > 1 / 256)
        .flatMap((step) => roundings.map((rounding) => [step, rounding]));
      return [...alone, ...scaled];
    }
    const toHalf = (x: number): number => roundTo(FLOAT16, x);
    const half = { ...castStep("float16", "nearest"), apply: toHalf };
    const isHalf = to.dtype === "float16" || pairs.y.every((y) => toHalf(y) === y);
    const single = castStep("float32", "nearest");
    return [
      ...(isHalf ? [[half]] : []),
      ...(to.dtype === "float32" && from.dtype === "float64" ? [[single]] : []),
    ];
  },
};

/** The dtype of A where it is one of integers; else what the numbers look like. */
function integerCasts(to: Numbers): ValueStep[] {
  const dtype: DType = to.dtype.includes("int") ? to.dtype : to.isBytes ? "uint8" : "int32";
  return (["truncate", "nearest", "floor"] as const).map((rounding) => castStep(dtype, rounding));
}

function castStep(dtype: DType, rounding: Rounding): ValueStep {
  const round = ROUND[rounding];
  const limits = dtype === "uint8" ? [0, 255] : null;
  const js = dtype === "uint8" ? `.clipByValue(0, 255)` : "";
  return {
    id: "cast",
    params: { dtype, rounding },
    bits: choiceBits(8),
    stretch: 1,
    rounds: true,
    apply:
      dtype === "float32"
        ? Math.fround
        : limits === null
          ? (x) => round(x)
          : (x) => Math.min(255, Math.max(0, round(x))),
    js: (x) =>
      dtype === "float32" || dtype === "float16"
        ? `tf.cast(${x}, "float32")`
        : `${rounding === "nearest" ? `tf.round(${x})` : rounding === "floor" ? `tf.floor(${x})` : x}${js}.toInt()`,
    python: (x) =>
      rounding === "nearest" && !dtype.startsWith("float")
        ? `np.rint(${x}).astype("${dtype}")`
        : rounding === "floor"
          ? `np.floor(${x}).astype("${dtype}")`
          : `${grouped(x)}.astype("${dtype}")`,
    undo: null,
  };
}

const ROUND: { readonly [R in Rounding]: (x: number) => number } = {
  truncate: Math.trunc,
  floor: Math.floor,
  nearest: (x) => {
    const down = Math.floor(x);
    const rest = x - down;
    return rest > 0.5 || (rest === 0.5 && down % 2 !== 0) ? down + 1 : down;
  },
};
