/** @file Half-precision conversions against the format's definition, all 65,536 of them. */

import { expect, test } from "vitest";
import { roundToBfloat16, roundToFloat16 } from "../numerics/formats.ts";
import {
  bfloat16BitsFromNumber,
  bytesFromTensor,
  float16BitsFromNumber,
  numberFromFloat16Bits,
  tensorFromBytes,
} from "./elements.ts";

const isNaN16 = (bits: number): boolean => (bits & 0x7c00) === 0x7c00 && (bits & 0x3ff) !== 0;
const isNaNB16 = (bits: number): boolean => (bits & 0x7f80) === 0x7f80 && (bits & 0x7f) !== 0;

test("every float16 survives the way to a number and back; NaN stays NaN", () => {
  for (let bits = 0; bits < 65_536; bits++) {
    const x = numberFromFloat16Bits(bits);
    if (isNaN16(bits)) expect(x).toBeNaN();
    else if (float16BitsFromNumber(x) !== bits) expect.fail(`${bits.toString(16)} became ${x}`);
  }
});

test("between two float16s the nearer one is taken, ties to even", () => {
  for (let bits = 0; bits < 0x7c00; bits++) {
    const [a, b] = [numberFromFloat16Bits(bits), bits === 0x7bff ? 65536 : numberFromFloat16Bits(bits + 1)];
    for (const x of [a + (b - a) / 4, (a + b) / 2, b - (b - a) / 4]) {
      const rounded = numberFromFloat16Bits(float16BitsFromNumber(x));
      if (rounded !== roundToFloat16(x)) expect.fail(`${x} became ${rounded}`);
      if (!Object.is(numberFromFloat16Bits(float16BitsFromNumber(-x)), -rounded))
        expect.fail(`-${x} is not symmetric`);
    }
  }
});

test("every bfloat16 survives, and rounding to it agrees with its definition", () => {
  const bytes = new Uint8Array(Uint16Array.from({ length: 65_536 }, (_, i) => i).buffer);
  const tensor = tensorFromBytes(bytes, { shape: [65_536], dtype: "bfloat16" });
  const back = new Uint16Array(bytesFromTensor(tensor).slice().buffer);
  back.forEach((bits, i) => {
    if (isNaNB16(i) ? !isNaNB16(bits) : bits !== i) expect.fail(`${i} became ${bits}`);
  });
  for (let i = 1; i < 0x7f80; i += 7) {
    const x = new Float32Array(Uint32Array.of((i << 16) | 0x8000).buffer)[0] ?? 0;
    const rounded = new Float32Array(Uint32Array.of(bfloat16BitsFromNumber(x) << 16).buffer)[0];
    if (rounded !== roundToBfloat16(x)) expect.fail(`${x} became ${rounded}`);
  }
});

test("big-endian bytes, unaligned bytes and a wrong length", () => {
  const big = Uint8Array.of(99, 0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0).subarray(1);
  const tensor = tensorFromBytes(big, { shape: [2], dtype: "float32", littleEndian: false });
  expect([...tensor.data]).toEqual([1, -2]);
  expect(() => tensorFromBytes(big, { shape: [3], dtype: "float32" })).toThrow(/too short/);
});

test("float64 numbers are rounded once: just above a middle that float32 would put on it", () => {
  const x = 1 + 2 ** -11 + 2 ** -40;
  const bytes = bytesFromTensor({ shape: [1], dtype: "float16", data: Float64Array.of(x) });
  expect(new DataView(bytes.buffer).getUint16(0, true)).toBe(0x3c01);
});
