/** @file Every layer family, one line each. */

import type { LayerDefinition } from "./define.ts";
import { dense } from "./dense.ts";

export const LAYERS: readonly LayerDefinition[] = [dense];
