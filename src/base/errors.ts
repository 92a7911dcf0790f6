/**
 * @file Everything this library throws on purpose.
 *
 * Programs branch on `code`; people read `message`, `where` and `hint`, whose wording is in `texts.ts`.
 * A numerical difference is never an error: it is a result (see `compare/`).
 */

import { formatPlace, type Place, type Problem } from "./problem.ts";
import { type ErrorCode, type ErrorDetails, exitCodeOf, textOf } from "./texts.ts";

/** Process exit codes (INTERFACE): 2 bad file or usage, 3 the machine lacks something, 70 our own bug. */
export type ExitCode = 2 | 3 | 70;

export class VernierError<Code extends ErrorCode = ErrorCode> extends Error {
  override readonly name = "VernierError";
  readonly code: Code;
  readonly details: ErrorDetails[Code];
  readonly where: string;
  readonly hint: string;
  readonly exitCode: ExitCode;

  constructor(
    code: Code,
    details: ErrorDetails[Code],
    options: { where?: Place | string; cause?: unknown } = {},
  ) {
    const { where = [], cause } = options;
    const { message, hint } = textOf(code, details);
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.details = details;
    this.where = typeof where === "string" ? where : formatPlace(where);
    this.hint = hint;
    this.exitCode = exitCodeOf(code);
  }

  /** The same as data. */
  get problem(): Problem {
    return { code: this.code, where: this.where, message: this.message, hint: this.hint, severity: "error" };
  }
}

/** Narrows an unknown error, optionally to some codes with their typed details. */
export function isVernierError<Code extends ErrorCode = ErrorCode>(
  error: unknown,
  ...codes: Code[]
): error is { [C in Code]: VernierError<C> }[Code] {
  return error instanceof VernierError && (codes.length === 0 || (codes as ErrorCode[]).includes(error.code));
}

export type { ErrorCode, ErrorDetails };
