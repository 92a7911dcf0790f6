/**
 * @file Layers that TF.js's own kernel gets wrong are said by others that it gets right, exactly.
 *
 * The model means the same before and after: it is in writing that the layer becomes several (convert/rewrites), so that
 * what is kept for the way back names it. A pass that put the parts into the model here would lose that.
 */

import { translate } from "../convert/translate.ts";
import type { Repair } from "./repair.ts";
import { writtenAs } from "./written-as.ts";

const id = "rewrite-around-kernel";

export const rewriteAroundKernel: Repair = {
  id,
  summary: "Layers with a wrong kernel said by others, exactly",
  apply(model, { causes }) {
    const own = causes.filter(({ repair }) => repair === id);
    if (own.length === 0) return undefined;
    const { rewritten } = translate(model, { to: model.dialect });
    const paths = new Set(own.map(({ layerB }) => layerB?.split("#")[0] ?? ""));
    const made = rewritten.flatMap((layer) =>
      paths.has(layer.path) ? [{ id, layer: layer.path, field: null, message: writtenAs(layer) }] : [],
    );
    return made.length === 0 ? undefined : { model, made };
  },
};
