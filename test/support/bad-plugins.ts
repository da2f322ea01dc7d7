/** A zoo of plug-ins that do what the contract forbids. */
import { ConfigDef, SourceRecord, STRING_SCHEMA } from '../../src/kernel';
import type { SinkConnector, SinkTask, SourceConnector, SourceTask } from '../../src/plugin';

const config = new ConfigDef([], [{ prefix: '', doc: 'Anything.' }]);
const base = { aliases: [], version: '1.0.0', summary: '', config };

/** A call that hangs until it is let go, whatever its signal says. */
export interface Hang {
  readonly reached: Promise<void>;
  enter(): Promise<void>;
  release(): void;
}

export function hang(): Hang {
  let reach: () => void = () => {};
  let release: () => void = () => {};
  const reached = new Promise<void>((resolve) => {
    reach = resolve;
  });
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  return {
    reached,
    enter() {
      reach();
      return released;
    },
    release,
  };
}

/** What a source may return of a poll: one record of the topic. */
export const oneRecord = (topic: string, n: number): SourceRecord =>
  new SourceRecord({ zoo: 1 }, { n }, topic, 0, null, null, STRING_SCHEMA, String(n));

export function badSource(
  task: Partial<SourceTask>,
  open: SourceConnector['open'] | null = null,
): SourceConnector {
  const whole: SourceTask = {
    poll: async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return null;
    },
    async [Symbol.asyncDispose]() {},
    ...task,
  };
  return { ...base, kind: 'source', name: 'bad-source', open: open ?? (async () => whole) };
}

export function badSink(task: Partial<SinkTask>, open: SinkConnector['open'] | null = null): SinkConnector {
  const whole: SinkTask = { async put() {}, async [Symbol.asyncDispose]() {}, ...task };
  return { ...base, kind: 'sink', name: 'bad-sink', open: open ?? (async () => whole) };
}

/** Synchronous work that lets nothing else run. */
export function burn(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

/** Settles its callbacks as often as it likes. */
export const settlingTwice = <T>(value: T): Promise<T> => {
  const thenable = {
    // biome-ignore lint/suspicious/noThenProperty: a thenable is what this is about
    then(resolve: (value: T) => void, reject: (error: Error) => void) {
      resolve(value);
      resolve(value);
      reject(new Error('after all, no'));
    },
  };
  return thenable as unknown as Promise<T>;
};
