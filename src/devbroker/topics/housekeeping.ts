/** What is done from time to time for all logs: retention and compaction, flushing, the bound on all bytes together. */
import type { Clock, Timer } from '../clock';
import type { PartitionLog } from '../log/port';
import type { Settings } from '../options';
import { createBytesBound } from './bytes-bound';
import type { Topics } from './port';

/** Logs one after the other, so long at a time; then whoever waits has its turn. */
const SLICE_MS = 5;
/** At full rate some ten MB come in meanwhile. */
const BOUND_MS = 200;

export interface Housekeeping {
  close(): void;
}

export function startHousekeeping(topics: Topics, settings: Settings, clock: Clock): Housekeeping {
  const { maintenanceMs, flushMs, maxBytes, logger } = settings;
  const parts = [startRounds(topics, maintenanceMs, clock, (log) => log.maintain())];
  if (settings.dataDir !== null && flushMs > 0)
    parts.push(startRounds(topics, flushMs, clock, (log) => log.flush()));
  if (maxBytes !== Number.POSITIVE_INFINITY)
    parts.push(startTimer(BOUND_MS, clock, createBytesBound(topics, maxBytes, clock, logger)));
  return {
    close() {
      for (const part of parts) part.close();
    },
  };
}

function startTimer(everyMs: number, clock: Clock, run: () => void): Housekeeping {
  const again = (): void => {
    timer = clock.after(everyMs, () => {
      run();
      again();
    });
  };
  let timer: Timer;
  again();
  return { close: () => timer.cancel() };
}

function startRounds(
  topics: Topics,
  everyMs: number,
  clock: Clock,
  serve: (log: PartitionLog) => void,
): Housekeeping {
  let timer: Timer = clock.after(everyMs, begin);

  function begin(): void {
    go(topics.list().flatMap(({ name, partitions }) => partitions.map(({ index }) => ({ name, index }))));
  }

  function go(left: { readonly name: string; readonly index: number }[]): void {
    const end = Date.now() + SLICE_MS;
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      const log = topics.partition(next.name, next.index)?.log;
      if (log !== undefined) serve(log);
      if (Date.now() >= end) break;
    }
    timer = left.length > 0 ? clock.after(0, () => go(left)) : clock.after(everyMs, begin);
  }

  return { close: () => timer.cancel() };
}
