/** Turns the maps of YAML and JSON files into Connect's flat keys, remembering where each key stands. */
import type { FileIssue, Tree } from './document';

export type TreePath = readonly (string | number)[];
export type Place = TreePath;

/** Flat keys with the place each one was written at. */
export class FlatConfig {
  readonly values: Record<string, string> = {};
  readonly places = new Map<string, Place>();

  set(key: string, value: string, place: Place): void {
    this.values[key] = value;
    this.places.set(key, place);
  }

  /** Where a key stands, else what it belongs to (`transforms.a` for `transforms.a.spec`), else null. */
  placeOf(key: string): Place | null {
    for (let name = key; ; name = name.slice(0, name.lastIndexOf('.'))) {
      const place = this.places.get(name);
      if (place !== undefined) return place;
      if (!name.includes('.')) return null;
    }
  }
}

type Complain = (place: Place, message: string, about?: Partial<FileIssue>) => void;

/** Nested maps are joined with dots, lists with commas: `errors: {tolerance: all}` is `errors.tolerance=all`. */
export function flattenInto(
  flat: FlatConfig,
  key: string,
  value: Tree,
  place: Place,
  complain: Complain,
): void {
  if (value === null) {
    complain(place, `${key} has no value`, { key });
  } else if (Array.isArray(value)) {
    if (value.some((item) => typeof item === 'object'))
      complain(place, `${key}: a list may hold plain values only`, { key });
    else flat.set(key, value.join(','), place);
  } else if (typeof value === 'object') {
    for (const [name, child] of Object.entries(value as { [key: string]: Tree })) {
      flattenInto(flat, `${key}.${name}`, child, [...place, name], complain);
    }
    if (!flat.places.has(key)) flat.places.set(key, place);
  } else {
    flat.set(key, String(value), place);
  }
}

export const isMap = (tree: Tree | undefined): tree is { readonly [key: string]: Tree } =>
  typeof tree === 'object' && tree !== null && !Array.isArray(tree);
