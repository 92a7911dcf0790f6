/** @file Work that waits, such as reading, begun some items ahead of where its result is wanted. */

/** Results in the order of the items, `ahead` of them under way at most. Throws what the work of an item throws, in its turn. */
export async function* inAdvance<T, R>(
  items: Iterable<T>,
  ahead: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<readonly [T, R]> {
  const underWay: { readonly item: T; readonly result: Promise<R> }[] = [];
  for (const item of items) {
    const result = work(item);
    result.catch(() => {}); // thrown in its turn
    underWay.push({ item, result });
    const first = underWay.length > ahead ? underWay.shift() : undefined;
    if (first !== undefined) yield [first.item, await first.result];
  }
  for (const { item, result } of underWay) yield [item, await result];
}
