/** @file One command in a process of its own: how long, how much processor time, and the peak of resident memory. */

import { spawn } from "node:child_process";

/** Runs in the measured process: its own use of memory and time, written to descriptor 3 as it ends. */
const USAGE = `data:text/javascript,${encodeURIComponent(
  `import { writeSync } from "node:fs";
   process.on("exit", () => writeSync(3, JSON.stringify(process.resourceUsage())));`,
)}`;

/** `args` of Node: `{ code, seconds, cpu, megabytes }`; what it says on standard error is shown when it fails. */
export async function measured(args) {
  const start = performance.now();
  const child = spawn(process.execPath, ["--import", USAGE, ...args], {
    stdio: ["ignore", "ignore", "inherit", "pipe"],
  });
  let usage = "";
  child.stdio[3].on("data", (data) => {
    usage += data;
  });
  const code = await new Promise((resolve) => child.on("close", resolve));
  const seconds = (performance.now() - start) / 1000;
  const { maxRSS, userCPUTime, systemCPUTime } = JSON.parse(usage);
  return { code, seconds, cpu: (userCPUTime + systemCPUTime) / 1e6, megabytes: maxRSS / 1024 };
}
