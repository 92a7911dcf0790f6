/** @file The processes of one group, as Linux lists them: how many still run, and what memory they take. */

import { readdirSync, readFileSync } from "node:fs";

/** 4 KiB on every machine that Chromium is built for, but for some of ARM's with more. */
const PAGE_MIB = 4096 / 2 ** 20;

/** Processes of the group that run (zombies do not); null where the system does not list them. */
export function runningInGroup(group: number): number[] | null {
  return statsOf(group)?.map(({ pid }) => pid) ?? null;
}

/** Memory of all of them; what they share counts once, where the system tells. */
export function memoryOfGroupMiB(group: number): number | null {
  const stats = statsOf(group);
  if (stats === null) return null;
  return stats.reduce((sum, { pid, pages }) => sum + (proportionalMiB(pid) ?? pages * PAGE_MIB), 0);
}

function proportionalMiB(pid: number): number | null {
  try {
    const [, kib] = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "latin1")) ?? [];
    return kib === undefined ? null : Number(kib) / 1024;
  } catch {
    return null;
  }
}

function statsOf(group: number): { pid: number; pages: number }[] | null {
  let names: string[];
  try {
    names = readdirSync("/proc");
  } catch {
    return null;
  }
  return names
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const text = readFileSync(`/proc/${name}/stat`, "latin1");
        // "pid (name) state parent group … " : the name may hold anything.
        const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
        return Number(fields[2]) === group && fields[0] !== "Z"
          ? [{ pid: Number(name), pages: Number(fields[21]) }]
          : [];
      } catch {
        return [];
      }
    });
}
