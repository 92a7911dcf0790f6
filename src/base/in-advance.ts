/** @file Work that waits, such as reading, begun before its result is wanted. */

export interface Ahead<T> {
  /** What an item holds while it is under way, in any unit. */
  sizeOf(item: T): number;
  /** So much together; a larger item is alone. */
  readonly limit: number;
}

/** Results in the order of the items. Throws what the work of an item throws, in its turn. */
export async function* inAdvance<T, R>(
  items: Iterable<T>,
  work: (item: T) => Promise<R>,
  { sizeOf, limit }: Ahead<T>,
): AsyncGenerator<readonly [T, R]> {
  const underWay: { readonly item: T; readonly size: number; readonly result: Promise<R> }[] = [];
  let held = 0;
  for (const item of items) {
    const size = sizeOf(item);
    while (held + size > limit) {
      const first = underWay.shift();
      if (first === undefined) break;
      yield [first.item, await first.result];
      held -= first.size;
    }
    const result = work(item);
    result.catch(() => {}); // thrown in its turn
    underWay.push({ item, size, result });
    held += size;
  }
  for (const { item, result } of underWay) yield [item, await result];
}
