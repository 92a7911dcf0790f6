/** @file Numbers that decide what is generated; a shorter tape and smaller numbers make a simpler model. */

export class Tape {
  readonly #numbers: readonly number[];
  #at = 0;

  constructor(numbers: readonly number[]) {
    this.#numbers = numbers;
  }

  /** In [0, below); 0 once the tape is at its end. */
  next(below: number): number {
    const number = this.#numbers[this.#at++] ?? 0;
    return below <= 0 ? 0 : number % below;
  }

  /** Once in `times`; never once the tape is at its end. */
  once(times: number): boolean {
    return this.next(times) === times - 1;
  }

  pick<T>(list: readonly T[]): T {
    const found = list[this.next(list.length)];
    if (found === undefined) throw new Error("nothing to pick from");
    return found;
  }
}
