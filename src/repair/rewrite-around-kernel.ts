/**
 * @file Layers that TF.js's own kernel gets wrong are said by others that it gets right, exactly.
 *
 * The model means the same before and after: it is in writing that the layer becomes several (convert/rewrites), so that
 * what is kept for the way back names it. A pass that put the parts into the model here would lose that.
 */

import { REWRITES } from "../convert/rewrites/index.ts";
import { translate } from "../convert/translate.ts";
import type { Repair } from "./repair.ts";

const id = "rewrite-around-kernel";

export const rewriteAroundKernel: Repair = {
  id,
  summary: "Layers with a wrong kernel said by others, exactly",
  apply(model, { causes }) {
    const own = causes.filter(({ repair }) => repair === id);
    if (own.length === 0) return undefined;
    const { rewritten } = translate(model, { to: model.dialect });
    const paths = new Set(own.map(({ layerB }) => layerB?.split("#")[0] ?? ""));
    const made = rewritten.flatMap(({ path, className, rewrite }) =>
      paths.has(path)
        ? [
            {
              id,
              layer: path,
              field: null,
              message: `${className} written as: ${summaryOf(rewrite)} (exactly the same function)`,
            },
          ]
        : [],
    );
    return made.length === 0 ? undefined : { model, made };
  },
};

/** `rewrites`: ids, separated by ", ". */
const summaryOf = (rewrites: string): string =>
  rewrites
    .split(", ")
    .map((name) => REWRITES.find((rewrite) => rewrite.id === name)?.summary ?? name)
    .join("; ");
