/** @file One command in a process of its own: how long, how much processor time, and the peak of resident memory. */

import { spawn, spawnSync } from "node:child_process";

/** Runs in the measured process: its own use of memory and time, written to descriptor 3 as it ends. */
const USAGE = `data:text/javascript,${encodeURIComponent(
  `import { writeSync } from "node:fs";
   process.on("exit", () => writeSync(3, JSON.stringify(process.resourceUsage())));`,
)}`;

/**
 * Node 20 parses the certificates that this names in each process it starts (140 of them: 32 ms), whether or not the
 * process ever opens a connection. That is the machine's setting, no part of what is measured.
 */
const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;

/** `args` of Node: `{ code, seconds }`. */
export function timed(args) {
  const start = performance.now();
  const { status: code } = spawnSync(process.execPath, args, { stdio: ["ignore", "ignore", "inherit"], env });
  return { code, seconds: (performance.now() - start) / 1000 };
}

/** `args` of Node: `{ code, seconds, cpu, megabytes }`; what it says on standard error is shown when it fails. */
export async function measured(args) {
  const start = performance.now();
  const child = spawn(process.execPath, ["--import", USAGE, ...args], {
    stdio: ["ignore", "ignore", "inherit", "pipe"],
    env,
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
