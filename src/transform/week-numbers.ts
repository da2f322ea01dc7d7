/** Weeks as a US English calendar counts them: they begin on Sunday, and the first of a year or month has its first day. */

const DAY_MS = 86_400_000;

const utcDay = (year: number, month: number, day: number): Date => {
  const date = new Date(0);
  date.setUTCFullYear(year, month, day);
  return date;
};

export const dayOfYear = (date: Date): number =>
  Math.floor((date.getTime() - utcDay(date.getUTCFullYear(), 0, 1).getTime()) / DAY_MS) + 1;

/** The last days of December belong to the next year when its first day is in their week. */
export function weekYear(date: Date): number {
  const year = date.getUTCFullYear();
  const endsIn = utcDay(year, date.getUTCMonth(), date.getUTCDate() + 6 - date.getUTCDay());
  return endsIn.getUTCFullYear();
}

export function weekOfYear(date: Date): number {
  if (weekYear(date) !== date.getUTCFullYear()) return 1;
  const first = utcDay(date.getUTCFullYear(), 0, 1).getUTCDay();
  return Math.floor((dayOfYear(date) - 1 + first) / 7) + 1;
}

export function weekOfMonth(date: Date): number {
  const first = utcDay(date.getUTCFullYear(), date.getUTCMonth(), 1).getUTCDay();
  return Math.floor((date.getUTCDate() - 1 + first) / 7) + 1;
}
