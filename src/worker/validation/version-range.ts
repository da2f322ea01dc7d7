/** Versions as Connect asks for them (KIP-891): `latest`, one version, or a range in Maven's notation, `[1.0,2)`. */

/** False for what is no version and no range. */
export function matchesVersion(version: string, wanted: string): boolean {
  const asked = wanted.trim();
  if (asked === 'latest') return true;
  if (!/^[[(]/.test(asked)) return compareVersions(version, asked) === 0;
  return asked.split(/(?<=[\])])\s*,/).some((range) => isWithin(version, range.trim()));
}

const RANGE = /^([[(])\s*([^,\])]*?)\s*(?:(,)\s*([^,\])]*?)\s*)?([\])])$/;

function isWithin(version: string, range: string): boolean {
  const match = RANGE.exec(range);
  if (match === null) return false;
  const [, open, low, comma, high, close] = match as unknown as string[];
  if (comma === undefined) return compareVersions(version, low!) === 0;
  return isBeyond(version, low, open === '[', 1) && isBeyond(version, high, close === ']', -1);
}

function isBeyond(version: string, bound: string | undefined, inclusive: boolean, side: 1 | -1): boolean {
  if (bound === undefined || bound === '') return true;
  const order = compareVersions(version, bound) * side;
  return order > 0 || (inclusive && order === 0);
}

/** Numbers as numbers, words after them; `1.0` equals `1`, and `1.0-rc1` comes before it. */
function compareVersions(a: string, b: string): number {
  const [left, right] = [partsOf(a), partsOf(b)];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const order = comparePart(left[i] ?? 0, right[i] ?? 0);
    if (order !== 0) return order;
  }
  return 0;
}

type Part = number | string;

const partsOf = (version: string): Part[] =>
  (version.toLowerCase().match(/\d+|[^\d.\-_+]+/g) ?? []).map((part) =>
    /^\d/.test(part) ? Number(part) : part,
  );

function comparePart(a: Part, b: Part): number {
  if (typeof a === 'number' && typeof b === 'number') return Math.sign(a - b);
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : Number(a > b);
  return typeof a === 'string' ? -1 : 1;
}
