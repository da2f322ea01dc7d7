/** What scenarios about topics do, in a line each. */
import { deleteTopicsRequest } from '../../../src/kafka/wire/delete-topics';
import { type MetadataAnswer, metadataRequest, type TopicMetadata } from '../../../src/kafka/wire/metadata';
import { waitFor } from '../../support/wait';
import { createPartitions, createTopics, type NewTopic } from './admin-requests';
import { Client } from './client';

export type Outcome = [error: number, message: string | null];

export class TopicClient extends Client {
  async create(
    topic: NewTopic,
    options: { validateOnly?: boolean; version?: number } = {},
  ): Promise<Outcome> {
    const answer = await this.send(createTopics([topic], options));
    expect(answer.topics).toHaveLength(1);
    expect(answer.topics[0]!.topic).toBe(topic.topic);
    return [answer.topics[0]!.error, answer.topics[0]!.message];
  }

  async remove(...topics: string[]): Promise<[string, number][]> {
    const answer = await this.send(deleteTopicsRequest(topics, 10_000));
    return answer.topics.map(({ topic, error }) => [topic, error]);
  }

  async grow(topic: string, count: number, assignments?: number[][]): Promise<Outcome> {
    const wanted = { topic, count, ...(assignments === undefined ? {} : { assignments }) };
    const answer = await this.send(createPartitions([wanted]));
    return [answer.topics[0]!.error, answer.topics[0]!.message];
  }

  metadata(topics: readonly string[] | null, allowAutoCreate = false): Promise<MetadataAnswer> {
    return this.send(metadataRequest(topics, allowAutoCreate));
  }

  async view(topic: string): Promise<TopicMetadata> {
    return (await this.metadata([topic])).topics[0]!;
  }

  /** Metadata of a broker follows changes after some time. */
  async known(topic: string, partitions: number): Promise<void> {
    await waitFor(async () => (await this.view(topic)).partitions.length === partitions);
  }
}
