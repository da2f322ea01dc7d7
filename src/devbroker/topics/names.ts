/** Which names topics may have, in Kafka's words. Source: internals/Topic, Kafka 4.1. */
import { Code, Refusal } from '../refusal';

export const CONSUMER_OFFSETS = '__consumer_offsets';
export const TRANSACTION_STATE = '__transaction_state';

export type InternalTopicName = typeof CONSUMER_OFFSETS | typeof TRANSACTION_STATE;

const MAX_LENGTH = 249;

export const isInternalName = (name: string): name is InternalTopicName =>
  name === CONSUMER_OFFSETS || name === TRANSACTION_STATE;

function flawOf(name: string): string | null {
  if (name === '') return 'the empty string is not allowed';
  if (name === '.' || name === '..') return `'${name}' is not allowed`;
  if (name.length > MAX_LENGTH)
    return `the length of '${name}' is longer than the max allowed length ${MAX_LENGTH}`;
  if (!/^[a-zA-Z0-9._-]+$/.test(name))
    return `'${name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'`;
  return null;
}

export const isTopicName = (name: string): boolean => flawOf(name) === null;

/** @throws Refusal INVALID_TOPIC_EXCEPTION */
export function checkTopicName(name: string): void {
  const flaw = flawOf(name);
  if (flaw !== null) throw new Refusal(Code.INVALID_TOPIC_EXCEPTION, `Topic name is invalid: ${flaw}`);
}

/** Topics whose metrics would have the same name: Kafka allows one of them. */
export const collisionKey = (name: string): string => name.replaceAll('.', '_');
