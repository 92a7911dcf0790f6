/** @file Images become their pixels; damaged and hostile ones become typed errors. */

import { encode } from "fast-png";
import jpeg from "jpeg-js";
import { expect, test } from "vitest";
import { imageFormatOf, readImage } from "./image.ts";

const [H, W] = [5, 7];
const values = (channels: number): Uint8Array =>
  Uint8Array.from({ length: H * W * channels }, (_, i) => (i * 37) % 256);
const png = (channels: number, data = values(channels)): Uint8Array =>
  encode({ width: W, height: H, channels, data, depth: 8 });

test.each([1, 3, 4])("a PNG of %i channels is its pixels", (channels) => {
  const data = values(channels);
  expect(readImage(png(channels), "x.png")).toEqual({ shape: [H, W, channels], dtype: "uint8", data });
});

test("an alpha that is opaque everywhere is left out; grey with alpha becomes four channels", () => {
  const opaque = values(4).map((value, i) => (i % 4 === 3 ? 255 : value));
  expect(readImage(png(4, opaque), "x.png").shape).toEqual([H, W, 3]);
  const grey = readImage(png(2), "x.png");
  expect(grey.shape).toEqual([H, W, 4]);
  expect(grey.data.slice(0, 4)).toEqual(Uint8Array.of(0, 0, 0, 37));
});

test("16 bits lose their lower half, single bits become 0 and 255", () => {
  const deep = encode({ width: 2, height: 1, channels: 1, depth: 16, data: Uint16Array.of(0x12ff, 0xfe00) });
  expect([...readImage(deep, "x.png").data]).toEqual([0x12, 0xfe]);
  const bits = encode({ width: 8, height: 1, channels: 1, depth: 1, data: Uint8Array.of(0b10100001) });
  expect([...readImage(bits, "x.png").data]).toEqual([255, 0, 255, 0, 0, 0, 0, 255]);
});

test("a JPEG is its pixels, to within what it loses", () => {
  const rgba = new Uint8Array(16 * 16 * 4).map((_, i) => (i % 4 === 3 ? 255 : 40 + 60 * (i % 4)));
  const bytes = new Uint8Array(jpeg.encode({ width: 16, height: 16, data: rgba }, 95).data);
  expect(imageFormatOf(bytes)).toBe("jpeg");
  const { shape, data } = readImage(bytes, "x.jpg");
  expect(shape).toEqual([16, 16, 3]);
  for (const [i, value] of [...data].entries())
    expect(Math.abs(Number(value) - (40 + 60 * (i % 3)))).toBeLessThan(4);
});

test("what is no image, cut off, or claims other sizes than it holds is refused by a typed error", () => {
  const whole = png(3);
  expect(() => readImage(Uint8Array.of(71, 73, 70, 56), "x.gif")).toThrow(
    expect.objectContaining({ code: "file.unsupported" }),
  );
  for (let length = 8; length < whole.length - 12; length += 5)
    expect(() => readImage(whole.subarray(0, length), "x.png")).toThrow(
      expect.objectContaining({ exitCode: 2 }),
    );
  const larger = whole.slice();
  new DataView(larger.buffer).setUint32(16, W + 1);
  expect(() => readImage(larger, "x.png")).toThrow(expect.objectContaining({ code: "file.malformed" }));
  new DataView(larger.buffer).setUint32(16, 0x7fffffff);
  expect(() => readImage(larger, "x.png")).toThrow(expect.objectContaining({ code: "file.limit" }));
  expect(() => readImage(Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 3), "x.jpg")).toThrow(
    expect.objectContaining({ exitCode: 2 }),
  );
});
