/** What requests that change topics answer: code and message for each topic. */
import type { ByteWriter } from '../../kafka/wire/bytes';
import type { Call } from '../api';
import { Code, codeName, Refusal } from '../refusal';

export interface TopicResult {
  readonly topic: string;
  readonly error: number;
  readonly message: string | null;
}

export interface Named {
  readonly name: string;
}

/** Does it, unless a fault says otherwise; a refusal becomes the answer. */
export function resultOf(topic: string, call: Call, act: () => void): TopicResult {
  const fault = call.fault({ topic });
  if (fault !== 0) return { topic, error: fault, message: null };
  try {
    act();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { topic, error: error.code, message: messageOf(error) };
  }
  return { topic, error: call.afterwards({ topic }), message: null };
}

/** Null when the code says all. */
export const messageOf = ({ code, message }: Refusal): string | null =>
  message === codeName(code) ? null : message;

/** A topic that a request names twice is left alone, and told of once. */
export function forEachTopic<T extends Named>(
  items: readonly T[],
  message: string | null,
  act: (item: T) => TopicResult,
): TopicResult[] {
  const times = new Map<string, number>();
  for (const { name } of items) times.set(name, (times.get(name) ?? 0) + 1);
  return [...new Map(items.map((item) => [item.name, item])).values()].map((item) =>
    times.get(item.name) === 1 ? act(item) : { topic: item.name, error: Code.INVALID_REQUEST, message },
  );
}

export function encodeWithMessages(writer: ByteWriter, results: readonly TopicResult[]): void {
  writer.int32(0).array(results, (w, { topic, error, message }) => {
    w.string(topic).int16(error).nullableString(message);
  });
}
