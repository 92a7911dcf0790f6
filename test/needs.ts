/** @file What tests need of the machine. */

import { beforeEach } from "vitest";

/**
 * Skips every test of the suite it is called in where `what` is not there; the summary says so. Suites in it may need
 * more. (`skipIf` says no reason, and one in another leaves its tests neither run nor skipped.)
 */
export function needs(what: string, isThere: boolean): void {
  beforeEach((context) => context.skip(!isThere, `there is no ${what}`));
}
