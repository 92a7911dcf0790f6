/** @file Every repair, one line each, in the order in which they are made. */

import { configFromA } from "./config-from-a.ts";
import type { Repair } from "./repair.ts";
import { restated } from "./restated.ts";
import { rewriteAroundKernel } from "./rewrite-around-kernel.ts";
import { weightsFromA } from "./weights-from-a.ts";

export const REPAIRS: readonly Repair[] = [configFromA, weightsFromA, rewriteAroundKernel, restated];
