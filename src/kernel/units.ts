/** Durations and sizes as people write them. Null when the text is neither a number nor number + unit. */

const DURATION: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const SIZE: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1024,
  mb: 1024 ** 2,
  gb: 1024 ** 3,
  k: 1024,
  m: 1024 ** 2,
  g: 1024 ** 3,
};

function parse(text: string, units: Readonly<Record<string, number>>, bare: number): number | null {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(text);
  if (match === null) return null;
  const unit = match[2] === '' ? bare : units[match[2]!.toLowerCase()];
  return unit === undefined ? null : Number(match[1]) * unit;
}

/** `250`, `250ms`, `5s`, `2m`, `1h`, `1d` to milliseconds. */
export const parseDurationMs = (text: string): number | null => parse(text, DURATION, 1);

/** `1024`, `64kb`, `16MB`, `1g` to bytes. */
export const parseSizeBytes = (text: string): number | null => parse(text, SIZE, 1);
