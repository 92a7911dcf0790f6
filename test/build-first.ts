/** @file Global setup of the suites that run the built package: builds dist/ when it is older than the sources. */

import { spawnSync } from "node:child_process";

export default function buildFirst(): void {
  const root = new URL("..", import.meta.url);
  const { status } = spawnSync("scripts/setup", { cwd: root, stdio: "inherit" });
  if (status !== 0) throw new Error("scripts/setup failed: the package does not build");
}
