/** Columns of text: the first ones to the left, numbers to the right. */
export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

export function textTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const widths = columns.map(({ title }, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (columns[i]!.align === 'right' ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd();
  return [
    line(columns.map(({ title }) => title)),
    line(widths.map((width) => '─'.repeat(width))),
    ...rows.map(line),
  ].join('\n');
}

/** `1,234,567` */
export const grouped = (value: number): string => Math.round(value).toLocaleString('en-US');

/** Records per second as `12,345`, or a dash when the time is too short to tell. */
export const rate = (records: number, seconds: number): string =>
  seconds < 0.001 ? '–' : grouped(records / seconds);
