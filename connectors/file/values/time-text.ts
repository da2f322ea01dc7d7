/** ISO 8601 texts of Connect's dates and times, in UTC. */

const DAY_MS = 86_400_000;

const two = (n: number): string => (n < 10 ? `0${n}` : String(n));
const three = (n: number): string => (n < 10 ? `00${n}` : n < 100 ? `0${n}` : String(n));

/** `2026-01-31` of days since the epoch; years outside of 0–9999 with sign and six digits, as ISO 8601 has it. */
export function dateText(days: number): string {
  const text = new Date(days * DAY_MS).toISOString();
  return text.slice(0, text.indexOf('T'));
}

/** `12:34:56.789` of milliseconds since midnight. */
export function timeText(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}:${two(seconds % 60)}.${three(ms % 1000)}`;
}

let lastDay = Number.NaN;
let lastDayText = '';

/** `2026-01-31T12:34:56.789Z` of milliseconds since the epoch. Records come in order of time, so the day is kept. */
export function timestampText(ms: number): string {
  const day = Math.floor(ms / DAY_MS);
  if (day !== lastDay) {
    lastDayText = dateText(day);
    lastDay = day;
  }
  return `${lastDayText}T${timeText(ms - day * DAY_MS)}Z`;
}
