/**
 * @file The process that is killed: it replaces models with the built package.
 *
 *     node replace-model.mjs once DEST folder|file ID STEP   ends itself before the STEPth change to the disk
 *     node replace-model.mjs loop DEST TIMES                 models 1 and 2 in turn; says where it is
 *     node replace-model.mjs wait DEST                       stages, says so, and waits
 *     node replace-model.mjs large DEST MIB uint8|float32    one large weight; says what memory it took
 */

import { writeSync } from "node:fs";
import { openDestination } from "../../../dist/formats/destination.node.js";
import { writeTfjsLayers } from "../../../dist/formats/tfjs-writer.js";

const PIECE = 2 ** 18;

/** @param {number} id @param {number} length */
function constant(id, length) {
  return {
    shape: [length],
    dtype: /** @type {const} */ ("float32"),
    read: () => Promise.reject(new Error("the whole tensor is never asked for")),
    async *pieces() {
      for (let at = 0; at < length; at += PIECE) {
        const data = new Float32Array(Math.min(PIECE, length - at)).fill(id);
        yield { shape: [data.length], dtype: /** @type {const} */ ("float32"), data };
      }
    },
  };
}

/** Three weight files, whose plain names are those of every other model of three. @param {number} id */
async function filesOf(id) {
  const weights = Array.from({ length: 3 }, (_, i) => ({
    name: `w${i}`,
    source: constant(id, 16_000),
    quantization: null,
  }));
  const modelJson = { format: "layers-model", modelTopology: { class_name: "Sequential", config: {} } };
  return (await writeTfjsLayers({ modelJson, weights, shardSizeBytes: 64_000 })).files;
}

/** @param {string} text */
const oneFile = (text) => {
  const bytes = new TextEncoder().encode(text);
  return [
    {
      name: "model.keras",
      sizeBytes: bytes.byteLength,
      async *pieces() {
        for (const byte of bytes) yield Uint8Array.of(byte);
      },
    },
  ];
};

/** @param {string} text */
const say = (text) => writeSync(1, `${text}\n`);

const [mode = "", dest = "", ...rest] = process.argv.slice(2);
switch (mode) {
  case "once": {
    const [kind, id, last] = rest;
    let step = 0;
    const onStep = () => {
      if (++step === Number(last)) process.kill(process.pid, "SIGKILL");
    };
    const isFolder = kind === "folder";
    const options = { kind: /** @type {const} */ (isFolder ? "folder" : "file"), overwrite: true, onStep };
    const destination = await openDestination(dest, options);
    const files = isFolder ? await filesOf(Number(id)) : oneFile(`model ${id}`);
    await (await destination.stage(files)).commit();
    break;
  }
  case "loop":
    for (let i = 0; i < Number(rest[0]); i++) {
      let moved = 0;
      /** @param {string} operation */
      const onStep = (operation) => {
        if (operation === "renameNew" && moved++ === 0) say(`move ${performance.now()}`);
      };
      const destination = await openDestination(dest, { kind: "folder", overwrite: true, onStep });
      say(`stage ${performance.now()}`);
      const staged = await destination.stage(await filesOf(1 + (i % 2)));
      say(`commit ${performance.now()}`);
      await staged.commit();
      say(`done ${performance.now()}`);
    }
    break;
  case "wait": {
    const destination = await openDestination(dest, { kind: "folder", overwrite: true });
    await destination.stage(await filesOf(2));
    say("staged");
    await new Promise((resolve) => setTimeout(resolve, 60_000));
    break;
  }
  case "large": {
    const [mebibytes, quantization] = rest;
    const source = constant(1, Number(mebibytes) * 2 ** 18);
    const before = process.memoryUsage.rss();
    let peak = before;
    // Not `maxRSS`: on Linux it begins with what the parent process had.
    const onStep = () => {
      peak = Math.max(peak, process.memoryUsage.rss());
    };
    const destination = await openDestination(dest, { kind: "folder", overwrite: false, onStep });
    const as = quantization === "uint8" ? /** @type {const} */ ("uint8") : null;
    const weights = [{ name: "w", source, quantization: as }];
    const { files } = await writeTfjsLayers({ modelJson: { format: "layers-model" }, weights });
    await (await destination.stage(files)).commit();
    say(JSON.stringify({ before, peak }));
    break;
  }
  default:
    throw new Error(`unknown mode ${mode}`);
}
