/** Resolves with the name of the first signal that asks the process to end; the second one ends it at once. */
import { constants } from 'node:os';

export interface Interruption {
  readonly signalled: Promise<NodeJS.Signals>;
  readonly aborted: AbortSignal;
  release(): void;
}

const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

export function watchSignals(): Interruption {
  const controller = new AbortController();
  let resolve: (name: NodeJS.Signals) => void = () => {};
  const signalled = new Promise<NodeJS.Signals>((settle) => (resolve = settle));
  const onSignal = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted) process.exit(128 + constants.signals[name]);
    controller.abort(name);
    resolve(name);
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  return {
    signalled,
    aborted: controller.signal,
    release: () => {
      for (const name of SIGNALS) process.off(name, onSignal);
    },
  };
}
