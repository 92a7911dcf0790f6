/**
 * @file A `model.json` that TF.js refuses because of its words (Keras 3's keys, weight names that begin with the model's,
 * layers that it lacks and others say) is said in words that it knows. We read more than TF.js does; what is written comes
 * from the model, not from the file, so the pass itself leaves the model as it is.
 */

import { translate } from "../convert/translate.ts";
import type { Repair } from "./repair.ts";
import { writtenAs } from "./written-as.ts";

const id = "restated";

export const restated: Repair = {
  id,
  summary: "Said in words that TensorFlow.js knows",
  apply(model, { refusal }) {
    if (refusal === null || model.dialect !== "tfjs") return undefined;
    const { rewritten } = translate(model, { to: "tfjs" });
    return {
      model,
      made: [
        { id, layer: null, field: null, message: refusal.message },
        ...rewritten.map((layer) => ({ id, layer: layer.path, field: null, message: writtenAs(layer) })),
      ],
    };
  },
};
