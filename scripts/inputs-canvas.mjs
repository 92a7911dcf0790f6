/** @file Cases that a real canvas made: pictures drawn at another size by Chromium, with and without smoothing. */

import { spawnSync } from "node:child_process";
import { randomFrom } from "../dist/numerics/random.js";
import { picture } from "./inputs-cases.mjs";

const SIZES = [
  [120, 160, 96, 96],
  [128, 128, 64, 64],
  [60, 80, 96, 128],
  [96, 96, 72, 60],
];

/** `null` where no Chromium is found. */
export async function canvasCases() {
  const found = ["chromium-headless-shell", "chromium"].map((name) =>
    spawnSync("which", [name], { encoding: "utf8" }).stdout.trim(),
  );
  const executablePath = found.find((path) => path !== "");
  if (executablePath === undefined) return null;
  const { chromium } = await import("playwright-core");
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  try {
    const page = await browser.newPage();
    const random = randomFrom(7);
    const cases = [];
    for (const [h, w, toH, toW] of SIZES)
      for (const smooth of [true, false])
        for (const scaled of [false, true]) {
          const b = picture(random, h, w);
          const drawn = await page.evaluate(draw, { pixels: [...b.data], h, w, toH, toW, smooth });
          const bytes = Uint8Array.from(drawn);
          const shape = [1, toH, toW, 3];
          const a = scaled
            ? { shape, dtype: "float32", data: Float32Array.from(bytes, (v) => v / 255) }
            : { shape, dtype: "uint8", data: bytes };
          const params = { method: smooth ? "bilinear" : "nearest", corners: "half-pixel", antialias: false };
          const affine = { id: "affine", params: { scale: 1 / 255, shift: 0 } };
          cases.push({
            name: `canvas ${smooth ? "smooth" : "nearest"} ${h}x${w}->${toH}x${toW}`,
            a,
            b,
            steps: [{ id: "resize", params }, ...(scaled ? [affine] : [])],
          });
        }
    return cases;
  } finally {
    await browser.close();
  }
}

/** Runs in the page. */
function draw({ pixels, h, w, toH, toW, smooth }) {
  const canvasOf = (width, height) => Object.assign(document.createElement("canvas"), { width, height });
  const from = canvasOf(w, h);
  const image = from.getContext("2d").createImageData(w, h);
  for (let i = 0; i < h * w; i++)
    image.data.set([pixels[3 * i], pixels[3 * i + 1], pixels[3 * i + 2], 255], 4 * i);
  from.getContext("2d").putImageData(image, 0, 0);
  const to = canvasOf(toW, toH).getContext("2d", { willReadFrequently: true });
  to.imageSmoothingEnabled = smooth;
  to.drawImage(from, 0, 0, toW, toH);
  return [...to.getImageData(0, 0, toW, toH).data].filter((_, i) => i % 4 !== 3);
}
