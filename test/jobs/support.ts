/** Records for sinks to be run over, and jobs waited for. */
import { createRecordBatchBuilder } from '../../src/kafka/wire/record-batch';
import type { JobInfo } from '../../src/worker';
import type { TestKafka } from '../support/kafka';
import { waitFor } from '../support/wait';

export interface Asks {
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked at by the tests, member by member
  ask(method: string, path: string, body?: unknown): Promise<{ readonly status: number; readonly json: any }>;
}

export async function produce(
  { kafka }: TestKafka,
  topic: string,
  values: readonly string[],
  partition = 0,
): Promise<void> {
  const producer = kafka.producer();
  const batch = createRecordBatchBuilder();
  for (const [i, value] of values.entries()) {
    batch.append(Date.now(), Buffer.from(`k${i}`), Buffer.from(value), [
      { key: 'trace', value: Buffer.from('t1') },
    ]);
    if (batch.count < 200) continue;
    await producer.send(topic, partition, batch.build('none'));
  }
  if (batch.count > 0) await producer.send(topic, partition, batch.build('none'));
  await producer.close();
}

export const lines = (count: number, prefix = 'line'): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}-${i}`);

export const job = async (api: Asks, id: string): Promise<JobInfo> =>
  (await api.ask('GET', `/api/v1/jobs/${encodeURIComponent(id)}`)).json;

export const ended = (api: Asks, id: string, timeoutMs = 30_000): Promise<JobInfo> =>
  waitFor(
    async () => {
      const { status, json } = await api.ask('GET', `/api/v1/jobs/${encodeURIComponent(id)}`);
      return status === 200 && json.endedAt !== null ? (json as JobInfo) : null;
    },
    { what: `the end of ${id}`, timeoutMs },
  );
