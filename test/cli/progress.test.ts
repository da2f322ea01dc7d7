import { type Meter, showProgress } from '../../src/cli/progress';
import { grouped, rate, textTable } from '../../src/cli/text-table';

function screen(isTTY: boolean) {
  const written: string[] = [];
  const target = {
    isTTY,
    columns: 80,
    write: (text: string) => {
      written.push(text);
      return true;
    },
  } as unknown as NodeJS.WriteStream;
  return { target, written };
}

const meter = (done: number[], more: Partial<Meter> = {}): Meter => ({
  name: 'readings',
  total: 200,
  done: () => (done.length > 1 ? done.shift()! : done[0]!),
  problem: () => null,
  ...more,
});

describe('progress', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  test('a terminal has a bar per pipeline that is drawn over, never wider than the screen', () => {
    const { target, written } = screen(true);
    const waiting = meter([0], { name: 'orders', problem: () => `task orders-0 waits: ${'x'.repeat(100)}` });
    const display = showProgress([meter([0, 100, 200]), waiting], target);
    jest.advanceTimersByTime(100);
    display.stop();
    expect(written).toHaveLength(3);
    expect(written[0]).not.toContain('\x1b[2A');
    expect(written[1]!.startsWith('\x1b[2A\x1b[2K')).toBe(true);
    expect(written[1]).toMatch(/readings {7}█{15}░{15} {2}50 % {2}100 of 200 {2}0\.1 s\n/);
    expect(written[2]).toMatch(/█{30} 100 % {2}200 of 200/);
    const visible = written[2]!.replace('\x1b[2A', '').replaceAll('\x1b[2K', '').trimEnd();
    for (const line of visible.split('\n')) {
      expect(line.length).toBeLessThan(80);
    }
    jest.advanceTimersByTime(1000);
    expect(written).toHaveLength(3);
  });

  test('elsewhere plain lines, only when something has changed', () => {
    const { target, written } = screen(false);
    const display = showProgress([meter([0, 0, 120, 200]), meter([7], { name: 'n', total: null })], target);
    jest.advanceTimersByTime(6000);
    display.stop();
    expect(written).toEqual([
      'readings: 0 of 200\n',
      'n: 7 records\n',
      'readings: 120 of 200\n',
      'readings: 200 of 200\n',
    ]);
  });

  test('what is waited for is said', () => {
    const { target, written } = screen(false);
    showProgress([meter([5], { problem: () => 'database not reachable' })], target).stop();
    expect(written).toEqual(['readings: 5 of 200 (database not reachable)\n']);
  });
});

describe('text tables', () => {
  test('numbers stand to the right', () => {
    const columns = [{ title: 'name' }, { title: 'records', align: 'right' as const }];
    expect(
      textTable(columns, [
        ['a', grouped(1_234_567)],
        ['long name', '5'],
      ]),
    ).toBe(
      ['name         records', '─────────  ─────────', 'a          1,234,567', 'long name          5'].join(
        '\n',
      ),
    );
  });

  test('a rate needs some time', () => {
    expect([rate(1000, 2), rate(1000, 0)]).toEqual(['500', '–']);
  });
});
