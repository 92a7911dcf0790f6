/** @file The fast conversions against the plain ones: every 16-bit float, and the neighbourhood of every rounding edge. */

import { expect, test } from "vitest";
import { bfloat16BitsFromNumber, float16BitsFromNumber, numberFromFloat16Bits } from "./elements.ts";
import {
  bfloat16FromFloat32,
  float16FromFloat32,
  float32FromBfloat16,
  float32FromFloat16,
} from "./half-precision.ts";

const every16 = Uint16Array.from({ length: 65_536 }, (_, i) => i);

/** Each float16 and each middle between two, with the float32 just below and above. */
function edges(): Float32Array {
  const wide = float32FromFloat16(every16.subarray(0, 0x7c00));
  const middles = wide.map((x, i) => (x + (wide[i + 1] ?? 65_536)) / 2);
  const bits = [...new Uint32Array(wide.buffer), ...new Uint32Array(middles.buffer)].flatMap((at) =>
    [at - 1, at, at + 1].filter((b) => b >= 0).flatMap((b) => [b, (b | 0x80000000) >>> 0]),
  );
  return new Float32Array(Uint32Array.from(bits).buffer);
}

test("every float16 widens to the number that it is, and comes back bit for bit, NaNs too", () => {
  const wide = float32FromFloat16(every16);
  wide.forEach((x, bits) => {
    if (!Object.is(x, numberFromFloat16Bits(bits))) expect.fail(`${bits.toString(16)} became ${x}`);
  });
  expect(float16FromFloat32(wide)).toEqual(every16);
});

test("every bfloat16 comes back bit for bit, NaNs too", () => {
  expect(bfloat16FromFloat32(float32FromBfloat16(every16))).toEqual(every16);
});

test("float32 narrows as the definition says, on and beside every rounding edge", () => {
  const floats = edges();
  const [halves, bfloats] = [float16FromFloat32(floats), bfloat16FromFloat32(floats)];
  floats.forEach((x, i) => {
    if (halves[i] !== float16BitsFromNumber(x)) expect.fail(`${x} became float16 ${halves[i]}`);
    if (bfloats[i] !== bfloat16BitsFromNumber(x)) expect.fail(`${x} became bfloat16 ${bfloats[i]}`);
  });
});

test("a NaN whose payload is all in the lower bits, a sum that overflows and huge values", () => {
  const floats = new Float32Array(Uint32Array.of(0x7f800001, 0xff800001, 0x7f7fffff, 0x7f800000).buffer);
  expect([...float16FromFloat32(floats)]).toEqual([0x7e00, 0xfe00, 0x7c00, 0x7c00]);
  expect([...bfloat16FromFloat32(floats)]).toEqual([0x7fc0, 0xffc0, 0x7f80, 0x7f80]);
});
