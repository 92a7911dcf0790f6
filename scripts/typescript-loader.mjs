/**
 * @file `node --import ./scripts/typescript-loader.mjs x.ts`: runs the sources without a build, on Node 20 too.
 * For tests and scripts only; nothing that is published loads it.
 */

import { register } from "node:module";

register("./typescript-hooks.mjs", import.meta.url);
