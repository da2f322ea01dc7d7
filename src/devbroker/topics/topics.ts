import type { Broker } from '../broker';
import { newClusterId } from '../options';
import { Code, Refusal } from '../refusal';
import type { Topics } from './port';

export interface OpenTopics extends Topics {
  readonly clusterId: string;
  close(): void;
}

export function openTopics(_broker: Broker): OpenTopics {
  const refuse = () => {
    throw new Refusal(Code.UNKNOWN_TOPIC_OR_PARTITION);
  };
  return {
    clusterId: newClusterId(),
    get: () => undefined,
    partition: () => undefined,
    list: () => [],
    create: refuse,
    delete: refuse,
    grow: refuse,
    configure: refuse,
    onDeleted() {},
    moveLeader: refuse,
    electLeaders() {},
    close() {},
  };
}
