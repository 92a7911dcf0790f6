/**
 * @file Inflating into exactly as many bytes as were promised. No more is ever held than that and one step's worth:
 * libraries at hand either cut silently to the stated size or inflate a bomb before they look (`fflate` 0.8.3).
 */

import { Inflate } from "fflate";
import { VernierError } from "../base/errors.ts";

export { zipSync } from "fflate";

/** Small steps: the callback sees at most a step's expansion before it can refuse more. */
const STEP_BYTES = 32 * 2 ** 10;

/** Raw deflate data. `fail` makes the error from a reason. */
export function inflate(
  compressed: Uint8Array,
  sizeBytes: number,
  fail: (reason: string) => VernierError,
): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  let done = 0;
  const inflater = new Inflate((chunk) => {
    if (done + chunk.length > sizeBytes) throw fail("its data is longer than it says");
    bytes.set(chunk, done);
    done += chunk.length;
  });
  try {
    for (let at = 0; at < compressed.length; at += STEP_BYTES) {
      inflater.push(compressed.subarray(at, at + STEP_BYTES), at + STEP_BYTES >= compressed.length);
    }
  } catch (cause) {
    if (cause instanceof VernierError) throw cause;
    throw fail("its compressed data is damaged");
  }
  if (done !== sizeBytes) throw fail("its data is shorter than it says");
  return bytes;
}
