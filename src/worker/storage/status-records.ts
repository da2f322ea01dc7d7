/** Records of the status topic (connect.md §2.1): keys, and values in the member order of Kafka Connect 4.1. */
import type { TaskId } from '../worker-view';
import { javaJson } from './java-json';
import type { StatusRow } from './types';

/** Which row a key is of. */
export type StatusKey =
  | { readonly kind: 'connector'; readonly connector: string }
  | { readonly kind: 'task'; readonly connector: string; readonly task: number }
  | { readonly kind: 'topic'; readonly connector: string; readonly topic: string };

/** A topic that a connector was seen to use (KIP-558). */
export interface TopicRow {
  readonly topic: string;
  readonly connector: string;
  readonly task: number;
  readonly discoverTimestamp: number;
}

/** A broker takes 1 MB per batch by default; nobody reads a longer trace. */
const MOST_TRACE_CHARS = 100_000;

export const connectorKey = (connector: string): string => `status-connector-${connector}`;
export const taskKey = ({ connector, task }: TaskId): string => `status-task-${connector}-${task}`;
export const topicKey = (topic: string, connector: string): string =>
  `status-topic-${topic}:connector-${connector}`;

/** Null when the key is none of Connect's. */
export function parseStatusKey(key: string): StatusKey | null {
  const [, connector] = /^status-connector-(.+)$/s.exec(key) ?? [];
  if (connector !== undefined) return { kind: 'connector', connector };
  const [, ofTask, task] = /^status-task-(.+)-(\d+)$/s.exec(key) ?? [];
  if (ofTask !== undefined) return { kind: 'task', connector: ofTask, task: Number(task) };
  // Names of topics have no colon.
  const [, topic, ofTopic] = /^status-topic-([^:]+):connector-(.+)$/s.exec(key) ?? [];
  return ofTopic === undefined ? null : { kind: 'topic', connector: ofTopic, topic: topic! };
}

export function statusValue({ state, trace, workerId, generation, version }: StatusRow<string>): string {
  const text = trace !== null && trace.length > MOST_TRACE_CHARS ? cut(trace) : trace;
  return javaJson({ state, trace: text, worker_id: workerId, generation, version });
}

const cut = (trace: string): string =>
  `${trace.slice(0, MOST_TRACE_CHARS)}\n… ${trace.length - MOST_TRACE_CHARS} more characters`;

export const topicValue = ({ topic, connector, task, discoverTimestamp }: TopicRow): string =>
  javaJson({ topic: { name: topic, connector, task, discoverTimestamp } });

/** Null when the value is no status. */
export function parseStatus(text: string): StatusRow<string> | null {
  const value = parseObject(text);
  if (value === null) return null;
  const { state, trace, worker_id: workerId, generation, version } = value;
  if (typeof state !== 'string' || typeof workerId !== 'string' || typeof generation !== 'number')
    return null;
  return { state, workerId, generation, trace: textOrNull(trace), version: textOrNull(version) };
}

/** Null when the value is no row of a topic. */
export function parseTopicRow(text: string): TopicRow | null {
  const value = parseObject(text)?.topic as Record<string, unknown> | null | undefined;
  const { name, connector, task, discoverTimestamp } = value ?? {};
  if (typeof name !== 'string' || typeof connector !== 'string') return null;
  if (typeof task !== 'number' || typeof discoverTimestamp !== 'number') return null;
  return { topic: name, connector, task, discoverTimestamp };
}

const textOrNull = (value: unknown): string | null => (typeof value === 'string' ? value : null);

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
