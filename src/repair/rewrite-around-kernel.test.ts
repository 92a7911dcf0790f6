/** @file A convolution for which the wasm backend gives zeros is padded by a layer of its own. */

import { expect, test } from "vitest";
import { layerIn, openPlanted, planted } from "../../test/planted.ts";
import type { Cause } from "../compare/findings.ts";
import { goneAround } from "../convert/sayable.ts";
import { rewriteAroundKernel } from "./rewrite-around-kernel.ts";

/** The strides step over the input's edge (layers/wasm-same-padding.ts). */
const zeros = planted("cnn-residual", (model) =>
  Object.assign(layerIn(model, "down").config, { padding: "same", strides: [6, 6] }),
);

test("the layer is named with the rewrite, and a cause of another layer is not this one's", async () => {
  await using b = await openPlanted(zeros);
  expect([...goneAround(b.model)]).toEqual(["down"]);
  const cause = (layerB: string) => ({ kind: "kernel", layerB, repair: "rewrite-around-kernel" }) as Cause;
  const apply = (...causes: Cause[]) =>
    rewriteAroundKernel.apply(b.model, { a: b.model, causes, refusal: null });
  expect(apply(cause("down"))?.made).toEqual([
    {
      id: "rewrite-around-kernel",
      layer: "down",
      field: null,
      message:
        "Conv2D written as: ZeroPadding before a convolution without padding (exactly the same function)",
    },
  ]);
  expect(apply(cause("stem"))).toBeUndefined();
  expect(apply()).toBeUndefined();
});
