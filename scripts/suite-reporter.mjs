/**
 * @file A Vitest reporter that writes what `run-suites` needs: counts, failures, and why a test was skipped.
 * Vitest's own JSON reporter leaves out the reason given to `context.skip(reason)`.
 */

import { writeFileSync } from "node:fs";

/** @typedef {{ name: string, reason: string }} Skip */
/** @typedef {{ passed: number, failed: number, skipped: Skip[] }} Outcome */

export default class SuiteReporter {
  /**
   * @param {ReadonlyArray<import("vitest/node").TestModule>} modules
   * @param {ReadonlyArray<unknown>} unhandledErrors
   */
  onTestRunEnd(modules, unhandledErrors) {
    /** @type {Outcome} */
    const outcome = { passed: 0, failed: unhandledErrors.length, skipped: [] };
    for (const module of modules) {
      // A file that cannot be loaded, or a suite whose hook throws, has errors of its own and counts as one failure.
      if (module.errors().length > 0) outcome.failed += 1;
      for (const suite of module.children.allSuites()) if (suite.errors().length > 0) outcome.failed += 1;
      for (const test of module.children.allTests()) {
        const result = test.result();
        if (result.state === "passed") outcome.passed += 1;
        else if (result.state === "skipped") outcome.skipped.push(skipOf(module, test, result.note));
        else outcome.failed += 1; // "failed", and "pending": one that never came to an end
      }
    }
    const path = process.env["VERNIER_OUTCOME"];
    if (path !== undefined) writeFileSync(path, JSON.stringify(outcome));
  }
}

/**
 * @param {import("vitest/node").TestModule} module
 * @param {import("vitest/node").TestCase} test
 * @param {string | undefined} note
 * @returns {Skip}
 */
function skipOf(module, test, note) {
  return { name: `${module.relativeModuleId}: ${test.fullName}`, reason: note ?? "no reason given" };
}
