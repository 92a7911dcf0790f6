/** @file What `import … from "vernier/node"` gives: the core, and what needs Node (paths, processes, workers). */

export { isVernierError, VernierError } from "./base/errors.ts";
