/** The first signal asks the process to end, the second one ends it at once. */
import { constants } from 'node:os';

export interface Interruption {
  readonly signalled: Promise<NodeJS.Signals>;
  readonly aborted: AbortSignal;
  /** What the process ends for when that was no signal. */
  readonly failure: Error | null;
  /** Ends it as a signal would; who waits for one is told SIGTERM. */
  fail(error: Error): void;
  release(): void;
}

const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

export function watchSignals(): Interruption {
  const controller = new AbortController();
  let failure: Error | null = null;
  let resolve: (name: NodeJS.Signals) => void = () => {};
  const signalled = new Promise<NodeJS.Signals>((settle) => (resolve = settle));
  const onSignal = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted) process.exit(128 + constants.signals[name]);
    end(name);
  };
  const end = (name: NodeJS.Signals): void => {
    controller.abort(name);
    resolve(name);
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  return {
    signalled,
    aborted: controller.signal,
    get failure() {
      return failure;
    },
    fail: (error) => {
      failure ??= error;
      end('SIGTERM');
    },
    release: () => {
      for (const name of SIGNALS) process.off(name, onSignal);
    },
  };
}
