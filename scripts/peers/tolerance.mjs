/**
 * @file When an output is right: within 1e-4 + 1e-4·|expected| of what real Keras computed, which is the tolerance that
 * the cases' own README suggests for float32 graphs; a case's own tolerance where it states one (numbers recorded with six
 * decimals). Half-precision outputs "at the dtype's precision": ten of its epsilons (2⁻¹⁰, 2⁻⁷) instead of 1e-4.
 * What is not finite must be the same, at the same places. What is beyond it is held to its derived bound (child.mjs).
 */

import { readFileSync } from "node:fs";
import { readNpy } from "../../dist/formats/npy.js";

const FLOAT32 = 1e-4;
const HALF = { float16: 10 * 2 ** -10, bfloat16: 10 * 2 ** -7 };

export const readArray = (path) => readNpy(new Uint8Array(readFileSync(path)), path);

/** `outputs` and `expected`: arrays with shape and data. */
export function judge(outputs, expected, dtypes, tolerance) {
  if (outputs.length !== expected.length)
    return { status: "wrong", reason: `${outputs.length} outputs instead of ${expected.length}` };
  let worst = 0;
  for (const [i, want] of expected.entries()) {
    const got = outputs[i];
    if (got.shape.join() !== want.shape.join())
      return { status: "wrong", reason: `output ${i} has shape [${got.shape}] instead of [${want.shape}]` };
    const allowed =
      typeof tolerance === "number" ? tolerance : (HALF[tolerance] ?? HALF[dtypes[i]] ?? FLOAT32);
    for (let k = 0; k < want.data.length; k++) {
      const x = want.data[k];
      const y = got.data[k];
      if (typeof x === "string" || typeof y === "string") {
        if (x !== y) return { status: "wrong", reason: `output ${i} at ${k} is ${y} instead of ${x}` };
        continue;
      }
      const [a, b] = [Number(x), Number(y)];
      if (Object.is(a, b) || a === b || (Number.isNaN(a) && Number.isNaN(b))) continue;
      const difference = Math.abs(a - b);
      if (!(difference <= allowed + allowed * Math.abs(a)))
        return {
          status: "wrong",
          reason: `output ${i} at ${k} is ${b} instead of ${a}`,
          isNumeric: Number.isFinite(difference),
        };
      worst = Math.max(worst, difference);
    }
  }
  return { status: "right", maxAbs: worst };
}

export function judgeFiles(paths, expected, tolerance) {
  return judge(
    paths.map(readArray),
    expected.map(({ path }) => readArray(path)),
    expected.map(({ dtype }) => dtype),
    tolerance,
  );
}
