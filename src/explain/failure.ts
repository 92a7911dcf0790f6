/** @file What keeps a side from predicting, and is part of the report: the comparison of the files stands. */

import { isVernierError, type VernierError } from "../base/errors.ts";

export const isFailure = (error: unknown): error is VernierError =>
  isVernierError(
    error,
    "engine.refused",
    "engine.unavailable",
    "engine.timeout",
    "engine.crashed",
    "input.invalid",
  );
