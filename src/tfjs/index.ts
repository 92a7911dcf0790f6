/** @file What `import … from "vernier/tfjs"` gives: for the page that feeds a TensorFlow.js model. Imports no TensorFlow.js. */

export { isVernierError, VernierError } from "../base/errors.ts";
export { type FedTensor, saveInput } from "./save-input.ts";
