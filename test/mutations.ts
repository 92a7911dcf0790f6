/** @file Seeded damage to a file, for the tests that read untrusted bytes: the same seed is the same damage. */

export type Mutation = "bits" | "run" | "truncation";

/** `seed` chooses kind and place. Up to 8 flipped bits, up to 20 overwritten bytes, or a cut. */
export function mutate(bytes: Uint8Array, seed: number): { mutated: Uint8Array; what: string } {
  const random = mulberry32(seed);
  const below = (n: number): number => Math.floor(random() * n);
  const mutated = bytes.slice();
  const kind = (["bits", "run", "truncation"] as const)[seed % 3] ?? "bits";
  switch (kind) {
    case "bits": {
      const places = Array.from({ length: 1 + below(8) }, () => ({
        at: below(bytes.length),
        bit: 1 << below(8),
      }));
      for (const { at, bit } of places) mutated[at] = (mutated[at] ?? 0) ^ bit;
      return { mutated, what: `seed ${seed}: bits at ${places.map(({ at }) => at).join(", ")}` };
    }
    case "run": {
      const at = below(bytes.length);
      const length = 1 + below(20);
      const value = below(3) === 0 ? 0xff : below(256);
      mutated.fill(value, at, at + length);
      return { mutated, what: `seed ${seed}: ${length} bytes of ${value} at ${at}` };
    }
    case "truncation": {
      const length = below(bytes.length);
      return { mutated: mutated.slice(0, length), what: `seed ${seed}: cut to ${length}` };
    }
    default:
      return kind satisfies never;
  }
}

/** Tommy Ettinger's generator; 32 bits of state, enough for choosing places. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
