/**
 * Nothing, one item, or a set of several. A registry has as many of these as schemas and nearly all are of one: an object
 * around each would take more memory than the item. The items themselves are no sets.
 */
export type Few<T extends object> = T | ReadonlySet<T> | null;

export function withItem<T extends object>(few: Few<T>, item: T): Few<T> {
  if (few === null || few === item) return item;
  return few instanceof Set ? few.add(item) : new Set([few as T, item]);
}

export function withoutItem<T extends object>(few: Few<T>, item: T): Few<T> {
  if (!(few instanceof Set)) return few === item ? null : few;
  few.delete(item);
  return few.size === 0 ? null : few;
}

/** In the order they came. */
export function* itemsOf<T extends object>(few: Few<T>): Generator<T> {
  if (few instanceof Set) yield* few as ReadonlySet<T>;
  else if (few !== null) yield few as T;
}

export const countOf = (few: Few<object>): number => (few instanceof Set ? few.size : Number(few !== null));
