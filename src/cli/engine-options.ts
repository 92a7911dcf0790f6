/** @file What the flags of a command say about engines. */

import type { EngineOptions } from "../engines/engine.ts";

export interface EngineFlags {
  readonly timeout?: number;
  readonly memory?: number;
  readonly trust?: boolean;
  readonly tfjs?: string;
  readonly python?: string;
}

export function engineOptions(
  { timeout, memory, trust, tfjs, python }: EngineFlags,
  signal: AbortSignal,
): EngineOptions {
  return {
    signal,
    ...(timeout === undefined ? {} : { timeoutMs: timeout * 1000 }),
    ...(memory === undefined ? {} : { memoryMiB: memory }),
    ...(trust === undefined ? {} : { trust }),
    ...(tfjs === undefined ? {} : { tfjsFolder: tfjs }),
    ...(python === undefined ? {} : { python }),
  };
}
