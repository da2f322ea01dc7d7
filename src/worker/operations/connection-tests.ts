/** Tries whether a connector can reach what it is configured for, and says at which step it cannot. */
import { causeChain, hintsOf } from '../../kernel';
import type { ConnectionStep } from '../../plugin';
import { classNameOf } from '../catalog';
import { consumerSettings } from '../client-settings';
import type { Core } from '../herding/core';
import { configOf } from '../herding/views';
import type { RawConfig } from '../storage/types';
import { listOf } from '../topic-keys';
import { type Deadline, LATE, startDeadline } from './deadline';
import { type Subject, subjectOf } from './subject';

/** Of a whole test. */
const MOST_MS = 20_000;
const MOST_STEPS = 200;

export interface TestStep {
  readonly step: string;
  readonly status: 'ok' | 'failed' | 'skipped';
  readonly message: string;
  readonly hint: string | null;
  readonly tookMs: number;
}

export interface TestReport {
  /** Whether no step failed. */
  readonly ok: boolean;
  /** Class of the connector. */
  readonly plugin: string;
  /** Who tried: another worker may see another network. */
  readonly workerId: string;
  readonly steps: readonly TestStep[];
}

export interface ConnectionTests {
  /** Of a connector that is there. NOT_FOUND for another. */
  connector(name: string): Promise<TestReport>;
  /** Throws ConfigError and PLUGIN_UNKNOWN where there is nothing to try. */
  config(config: RawConfig): Promise<TestReport>;
}

export function createConnectionTests(core: Core): ConnectionTests {
  const run = async (written: RawConfig): Promise<TestReport> => {
    const subject = await subjectOf(core, written);
    const steps: TestStep[] = [];
    const deadline = startDeadline(MOST_MS, core.leaving);
    try {
      await collect(stepsOf(subject, deadline), deadline, steps, subject);
    } finally {
      deadline.end();
    }
    return {
      ok: steps.every(({ status }) => status !== 'failed'),
      plugin: classNameOf(subject.plugin),
      workerId: core.parts.workerId(),
      steps,
    };
  };
  return { connector: async (name) => run(configOf(core, name)), config: run };
}

async function* stepsOf(subject: Subject, deadline: Deadline): AsyncGenerator<ConnectionStep> {
  const { plugin, config } = subject;
  const issues = plugin.config.check(config);
  for (const { message } of issues) yield { step: 'configuration', status: 'failed', message };
  if (issues.length > 0) return;
  yield { step: 'configuration', status: 'ok', message: 'The keys of the connector are well formed.' };
  if (plugin.kind === 'sink') yield* topicsOf(subject);
  if (plugin.test !== undefined) yield* plugin.test(plugin.config.parse(config), deadline.signal);
  else {
    const message = `${plugin.name} ${plugin.version} has no test of its connection.`;
    yield { step: 'connect', status: 'skipped', message };
  }
}

/** Whether the topics of a sink are there. */
async function* topicsOf({ config, environment }: Subject): AsyncGenerator<ConnectionStep> {
  const topics = listOf(config['topics']);
  if (topics.length === 0) return;
  const { connection } = consumerSettings(environment.worker, config);
  const views = await environment.clients.port(connection).metadata(topics);
  const missing = views.filter(({ error }) => error === 3).map(({ topic }) => topic);
  const refused = views.filter(({ error }) => error !== 3 && error !== 0);
  for (const { topic, error } of refused) {
    const message = `Kafka does not show topic ${topic}: error ${error}.`;
    yield {
      step: 'topics',
      status: 'failed',
      message,
      hint: 'Give the user of the consumer the right to read it.',
    };
  }
  if (missing.length > 0) {
    const message = `Kafka has no topic ${missing.join(', ')}.`;
    yield { step: 'topics', status: 'failed', message, hint: 'Create it, or correct `topics`.' };
  } else if (refused.length === 0) {
    yield { step: 'topics', status: 'ok', message: `Kafka has ${topics.join(', ')}.` };
  }
}

/** What hangs is a failure of the step after the last one; what throws is one, too. */
async function collect(
  from: AsyncGenerator<ConnectionStep>,
  deadline: Deadline,
  into: TestStep[],
  { scrub }: Subject,
): Promise<void> {
  let began = Date.now();
  const add = ({ step, status, message, hint = null }: ConnectionStep): void => {
    const clean = { message: scrub(message), hint: hint === null ? null : scrub(hint) };
    into.push({ step, status, ...clean, tookMs: Date.now() - began });
    began = Date.now();
  };
  try {
    while (into.length < MOST_STEPS) {
      const next = await deadline.within(from.next());
      if (next === LATE) {
        add({ step: 'time', status: 'failed', message: overdue(into), hint: OVERDUE_HINT });
        return;
      }
      if (next.done === true) return;
      add(next.value);
    }
  } catch (error) {
    const message = causeChain(error).join(': ');
    add({ step: 'connect', status: 'failed', message, hint: hintsOf(error).join(' ') || null });
  } finally {
    // Not waited for: what hangs does so here as well.
    void from.return(undefined).catch(() => undefined);
  }
}

const overdue = (steps: readonly TestStep[]): string =>
  `There was no answer within ${MOST_MS / 1000} s after step ${steps.at(-1)?.step ?? 'none'}.`;

const OVERDUE_HINT = 'Something between the worker and the system drops packets, or the system hangs.';
