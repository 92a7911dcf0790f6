/** @file What `import … from "vernier"` gives: platform-free, for Node and browsers alike. */

export {
  type ErrorCode,
  type ErrorDetails,
  type ExitCode,
  isVernierError,
  VernierError,
} from "./base/errors.ts";
export type { Json, JsonObject } from "./base/json.ts";
export type { Problem, Severity } from "./base/problem.ts";
export type { DType } from "./tensor/dtype.ts";
export type { Shape, Tensor, TensorData } from "./tensor/tensor.ts";
