/** @file Keras → TF.js → TF.js → Keras: the detour loses nothing that the first conversion kept. */

import { expect, test } from "vitest";
import { kerasFixture } from "../../test/planted.ts";
import { readModel } from "../dialects/read-model.ts";
import { blobOf } from "../formats/blob.ts";
import type { Model } from "../model/model.ts";
import { type Conversion, convert } from "./convert.ts";

async function opened({ files }: Conversion): Promise<Model> {
  const data = await Promise.all(files.map(async (file) => [file.name, await blobOf(file)] as const));
  const [, main] = data.at(-1) ?? ["", new Uint8Array()];
  const { model } = await readModel(main, {
    openBeside: (path) => data.find(([name]) => name === path)?.[1] ?? null,
  });
  return model;
}

const described = ({ layers, training }: Model) => ({
  layers: layers.map(({ path, fileConfig }) => ({ path, fileConfig })),
  training: training?.config ?? null,
});

test.each(["sequence-mix", "nested", "separable"])(
  "%s comes back as it does without the detour",
  async (name) => {
    await using source = await kerasFixture(name);
    const web = await opened(await convert(source.model, { to: "tfjs" }));
    const again = await opened(await convert(web, { to: "tfjs" }));
    const direct = described(await opened(await convert(web, { to: "h5" })));
    const detour = described(await opened(await convert(again, { to: "h5" })));
    expect(detour).toEqual(direct);
    // Where a layer was rewritten, its parts are no longer there.
    expect(detour.layers.map(({ path }) => path)).toEqual(source.model.layers.map(({ path }) => path));
  },
);
