/** @file Pseudo-random numbers that are the same everywhere: a report's seed must give its inputs again. */

export interface Random {
  /** In [0, 1), 32 bits of it. */
  uniform(): number;
  /** Mean 0, deviation 1 (Box and Muller 1958). */
  normal(): number;
  /** In [low, high). */
  integer(low: number, high: number): number;
}

/** mulberry32 (T. Ettinger 2017, public domain). `stream` makes independent ones of one seed. */
export function randomFrom(seed: number, stream = 0): Random {
  let state = (Math.imul(seed | 0, 0x9e3779b1) ^ Math.imul((stream + 1) | 0, 0x85ebca6b)) >>> 0;
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    uniform,
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    integer: (low, high) => low + Math.floor(uniform() * (high - low)),
  };
}
