/** Shows how far pipelines are: bars that are drawn over on a terminal, plain lines elsewhere. */
import { grouped } from './text-table';

export interface Meter {
  readonly name: string;
  /** Null when nobody knows. */
  readonly total: number | null;
  done(): number;
  /** What the pipeline waits for; null when it runs. */
  problem(): string | null;
}

export interface ProgressDisplay {
  /** Draws the last state and ends. */
  stop(): void;
}

type Screen = Pick<NodeJS.WriteStream, 'write' | 'isTTY' | 'columns'>;

const TERMINAL_INTERVAL_MS = 100;
const LINE_INTERVAL_MS = 2000;
const BAR_WIDTH = 30;

export function showProgress(meters: readonly Meter[], screen: Screen): ProgressDisplay {
  return screen.isTTY ? showBars(meters, screen) : showLines(meters, screen);
}

function showBars(meters: readonly Meter[], screen: Screen): ProgressDisplay {
  const begin = Date.now();
  let drawn = 0;
  const draw = (): void => {
    const seconds = (Date.now() - begin) / 1000;
    const lines = meters.map((meter) => cut(barLine(meter, seconds), screen.columns ?? 80));
    // Up to the first line, then each line is cleared and written anew.
    const up = drawn > 0 ? `\x1b[${drawn}A` : '';
    screen.write(up + lines.map((line) => `\x1b[2K${line}\n`).join(''));
    drawn = lines.length;
  };
  draw();
  const timer = setInterval(draw, TERMINAL_INTERVAL_MS);
  return {
    stop() {
      clearInterval(timer);
      draw();
    },
  };
}

function barLine(meter: Meter, seconds: number): string {
  const done = meter.done();
  const share = meter.total === null ? 0 : Math.min(1, done / Math.max(1, meter.total));
  const filled = Math.round(share * BAR_WIDTH);
  const bar =
    meter.total === null
      ? ''
      : `${'█'.repeat(filled)}${'░'.repeat(BAR_WIDTH - filled)} ${String(Math.floor(share * 100)).padStart(3)} %  `;
  return `${meter.name.padEnd(14)} ${bar}${countOf(meter, done)}  ${meter.problem() ?? `${seconds.toFixed(1)} s`}`;
}

const countOf = ({ total }: Meter, done: number): string =>
  total === null ? `${grouped(done)} records` : `${grouped(done)} of ${grouped(total)}`;

const cut = (text: string, width: number): string =>
  text.length > width - 1 ? text.slice(0, width - 1) : text;

function showLines(meters: readonly Meter[], screen: Screen): ProgressDisplay {
  const said = new Map<string, string>();
  const say = (): void => {
    for (const meter of meters) {
      const problem = meter.problem();
      const text = `${meter.name}: ${countOf(meter, meter.done())}${problem === null ? '' : ` (${problem})`}`;
      if (said.get(meter.name) === text) continue;
      said.set(meter.name, text);
      screen.write(`${text}\n`);
    }
  };
  const timer = setInterval(say, LINE_INTERVAL_MS);
  return {
    stop() {
      clearInterval(timer);
      say();
    },
  };
}
