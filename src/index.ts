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
export type {
  Budget,
  BudgetLine,
  Cause,
  CauseKind,
  Certificate,
  LayerRow,
  OutputRow,
  Report,
  Side,
  Verdict,
} from "./compare/findings.ts";
export type { Engine, EngineInfo, EngineOptions, EngineSession, EngineStatus } from "./engines/engine.ts";
export { check } from "./explain/check.ts";
export type { CheckOptions, InputSpec, NamedTensor, Reporter } from "./explain/options.ts";
export type { Model } from "./model/model.ts";
export type { DType } from "./tensor/dtype.ts";
export type { Shape, Tensor, TensorData } from "./tensor/tensor.ts";
