/** What configs belong to: topics and brokers; and the refusals that requests about configs have in common. */
import type { ByteWriter } from '../../kafka/wire/bytes';
import type { Call } from '../api';
import type { Place } from '../faults/rule';
import { Code, Refusal } from '../refusal';
import { messageOf } from './topic-results';

/** Kafka's numbers. */
export const ResourceType = { TOPIC: 2, BROKER: 4 } as const;

export interface Resource {
  readonly type: number;
  readonly name: string;
}

export interface ResourceResult extends Resource {
  readonly error: number;
  readonly message: string | null;
}

export const placeOf = ({ type, name }: Resource): Place =>
  type === ResourceType.TOPIC ? { topic: name } : {};

export function resourceResult(resource: Resource, call: Call, act: () => void): ResourceResult {
  const place = placeOf(resource);
  const { type, name } = resource;
  const fault = call.fault(place);
  if (fault !== 0) return { type, name, error: fault, message: null };
  try {
    act();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { type, name, error: error.code, message: messageOf(error) };
  }
  return { type, name, error: call.afterwards(place), message: null };
}

/** A resource that is named twice is refused each time. */
export function repeatedAmong(resources: readonly Resource[]): ReadonlySet<string> {
  const seen = new Set<string>();
  const repeated = new Set<string>();
  for (const resource of resources) {
    const key = keyOf(resource);
    if (seen.has(key)) repeated.add(key);
    seen.add(key);
  }
  return repeated;
}

export const keyOf = ({ type, name }: Resource): string => `${type} ${name}`;

/** What is set on brokers here was set at their start. */
export function refuseBrokerConfigs({ name }: Resource, keys: readonly string[], { node }: Call): void {
  if (name !== '') {
    if (!/^-?\d+$/.test(name)) refuse(`Node id must be an integer, but it is: ${name}`);
    if (Number(name) !== node.id) refuse(`Unexpected broker id, expected ${node.id}, but received ${name}`);
  }
  if (keys.length > 0) refuse(`Cannot update these configs dynamically: Set(${keys.join(', ')})`);
}

function refuse(message: string): never {
  throw new Refusal(Code.INVALID_REQUEST, message);
}

export function encodeResources(writer: ByteWriter, results: readonly ResourceResult[]): void {
  writer.int32(0).array(results, (w, { error, message, type, name }) => {
    w.int16(error).nullableString(message).int8(type).string(name);
  });
}
