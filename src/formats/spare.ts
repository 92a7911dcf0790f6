/** @file Memory that streams of pieces use again and again, one after the other: else each piece waits for the collector. */

import { PIECE_BYTES } from "./limits.ts";

export class Spare {
  #free: Uint8Array | null = null;

  /** At least so large, and nobody else's until it is given back; what is in it is left over. */
  take(sizeBytes: number): Uint8Array {
    const free = this.#free;
    this.#free = null;
    return free !== null && free.byteLength >= sizeBytes
      ? free
      : new Uint8Array(Math.max(sizeBytes, PIECE_BYTES));
  }

  give(memory: Uint8Array): void {
    if (memory.byteLength > (this.#free?.byteLength ?? 0)) this.#free = memory;
  }
}
