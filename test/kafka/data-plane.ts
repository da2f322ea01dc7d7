/** What the tests of producer and reader share: encoding, reading to the end, clients behind a proxy. */
import { createBatchReader } from '../../src/kafka/batch-reader';
import { createCoordinators } from '../../src/kafka/coordinator';
import { type ApiRequest, createLanes, parseAddress } from '../../src/kafka/lane';
import { createMetadata } from '../../src/kafka/metadata';
import { listOffsets } from '../../src/kafka/offsets';
import type {
  BatchProducer,
  BatchReader,
  Compression,
  EncodedBatch,
  ProducerOptions,
  ReaderOptions,
  RecordInput,
} from '../../src/kafka/port';
import { createProducer } from '../../src/kafka/producer';
import { createRecordBatchBuilder } from '../../src/kafka/wire/record-batch';
import { SILENT, type TopicPartition } from '../../src/kernel';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy';

export interface DataPlane extends AsyncDisposable {
  producer(options?: ProducerOptions): BatchProducer;
  reader(options?: ReaderOptions): BatchReader;
  /** Moves the start of the log, as retention does. */
  deleteRecords(topic: string, partition: number, before: number): Promise<void>;
}

/** @param via every connection goes through it, whatever addresses the broker tells */
export function openDataPlane(broker: string, via?: TcpProxy): DataPlane {
  const address = via === undefined ? broker : `127.0.0.1:${via.port}`;
  const lanes = createLanes({ brokers: [address], clientId: 'test', requestTimeoutMs: 5000 }, SILENT);
  const { learn } = lanes.directory;
  if (via !== undefined) {
    Object.assign(lanes.directory, { learn: (id: number) => learn(id, '127.0.0.1', via.port) });
  }
  const lane = lanes.open('metadata');
  const metadata = createMetadata(lane, lanes.directory);
  const coordinators = createCoordinators(lane, lanes.directory);
  const shared = { openLane: lanes.open, metadata, coordinators };
  return {
    producer: (options) => createProducer(shared, options),
    reader: (options) =>
      createBatchReader(
        { ...shared, offsets: (partitions, spec) => listOffsets(lane, metadata, partitions, spec) },
        options,
      ),
    async deleteRecords(topic, partition, before) {
      const request = deleteRecordsRequest(topic, partition, before);
      const error = await lane.send(await metadata.leader(topic, partition), request);
      if (error !== 0) throw new Error(`DeleteRecords: error ${error}`);
    },
    [Symbol.asyncDispose]: () => lanes.close(),
  };
}

/** DeleteRecords v1, for one partition; answers its error code. */
const deleteRecordsRequest = (topic: string, partition: number, before: number): ApiRequest<number> => ({
  apiKey: 21,
  apiVersion: 1,
  apiName: 'DeleteRecords',
  encode: (writer) =>
    void writer.int32(1).string(topic).int32(1).int32(partition).int64(before).int32(10_000),
  decode(reader) {
    // Throttle time, number of topics; name; number of partitions, partition, start of the log.
    reader.raw(8);
    reader.string();
    reader.raw(16);
    return reader.int16();
  },
});

export const proxyTo = (broker: string): Promise<TcpProxy> => startTcpProxy(parseAddress(broker));

export const text = (value: string, key: string | null = null): RecordInput => ({
  key: key === null ? null : Buffer.from(key),
  value: Buffer.from(value),
});

export function encode(records: readonly RecordInput[], compression: Compression = 'none'): EncodedBatch {
  const builder = createRecordBatchBuilder();
  for (const { key, value, timestamp = Date.now(), headers = [] } of records) {
    builder.append(timestamp, key, value, headers);
  }
  return builder.build(compression);
}

export const encodeTexts = (values: readonly string[], compression?: Compression): EncodedBatch =>
  encode(
    values.map((value) => text(value)),
    compression,
  );

export interface ReadRecord {
  readonly offset: number;
  readonly key: string | null;
  readonly value: string | null;
}

/** Reads from the reader's position until it has reached the end that the first answer told. */
export async function readToEnd(reader: BatchReader, partition: TopicPartition): Promise<ReadRecord[]> {
  const records: ReadRecord[] = [];
  const deadline = Date.now() + 20_000;
  const isThere = () =>
    (reader.position(partition) ?? -1) >= (reader.end(partition) ?? Number.POSITIVE_INFINITY);
  while (!isThere()) {
    if (Date.now() > deadline)
      throw new Error(`stuck at ${reader.position(partition)} of ${reader.end(partition)}`);
    for (const batch of await reader.next(1000)) {
      const cursor = batch.records();
      while (cursor.next()) {
        const { offset, key, value } = cursor;
        records.push({ offset, key: key?.toString() ?? null, value: value?.toString() ?? null });
      }
    }
  }
  return records;
}

export const valuesOf = (records: readonly ReadRecord[]): (string | null)[] =>
  records.map(({ value }) => value);
