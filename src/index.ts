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
  AccuracyRow,
  Budget,
  BudgetLine,
  Cause,
  CauseKind,
  Certificate,
  LayerRow,
  OutputRow,
  Report,
  SeenRow,
  Side,
  Verdict,
} from "./compare/findings.ts";
export type { Target } from "./convert/convert.ts";
export type { Ledger, LedgerEntry } from "./convert/ledger.ts";
export type { ModelFormat, OpenedModel } from "./dialects/read-files.ts";
export { type ModelData, type ReadModelOptions, readModel } from "./dialects/read-model.ts";
export type { Engine, EngineInfo, EngineOptions, EngineSession, EngineStatus } from "./engines/engine.ts";
export { check } from "./explain/check.ts";
export {
  type ConvertedModel,
  type ConvertModelOptions as ConvertOptions,
  convertModel as convert,
} from "./explain/convert-model.ts";
export {
  type CompareInputsOptions,
  explainInputs,
  type InputsFound,
  type InputsReport,
} from "./explain/inputs/inputs-report.ts";
export type { CheckOptions, InputSpec, NamedTensor, PredictionOptions, Reporter } from "./explain/options.ts";
export { type BlobLike, blobOf } from "./formats/blob.ts";
export type { OutputFile } from "./formats/output.ts";
export type { Source } from "./formats/source.ts";
export { zipOf } from "./formats/zip-writer.ts";
export type { Model } from "./model/model.ts";
export type { Yours } from "./repair/fix.ts";
export { type FixedModel, type FixModelOptions as FixOptions, fixModel as fix } from "./repair/fix-model.ts";
export type { RepairMade } from "./repair/repair.ts";
export { type InspectReport, inspect, type TensorInfo } from "./report/inspect.ts";
export type { DType } from "./tensor/dtype.ts";
export type { Shape, Tensor, TensorData } from "./tensor/tensor.ts";
