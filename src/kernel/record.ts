import type { Schema } from './schema';

/** One header; order and repeats matter. */
export interface Header {
  readonly key: string;
  readonly schema: Schema | null;
  readonly value: unknown;
}

export type Headers = readonly Header[];
export const NO_HEADERS: Headers = Object.freeze([]);

/** Connector-defined maps of JSON primitives. Key order matters: offsets are found by their exact JSON bytes. */
export type SourcePartition = Readonly<Record<string, string | number | bigint | boolean | null>>;
export type SourceOffset = Readonly<Record<string, string | number | bigint | boolean | null>>;

/** A record a source task hands out. `partition` null: by key hash, else sticky. `timestamp` null: now. */
export class SourceRecord {
  constructor(
    /** One object per source partition, reused for all its records: the offset tracker compares by identity first. */
    readonly sourcePartition: SourcePartition,
    readonly sourceOffset: SourceOffset,
    readonly topic: string,
    readonly partition: number | null,
    readonly keySchema: Schema | null,
    readonly key: unknown,
    readonly valueSchema: Schema | null,
    readonly value: unknown,
    /** Milliseconds since the epoch. */
    readonly timestamp: number | null = null,
    readonly headers: Headers = NO_HEADERS,
  ) {}

  withKey(schema: Schema | null, key: unknown): SourceRecord {
    return this.#copy(
      this.topic,
      this.partition,
      schema,
      key,
      this.valueSchema,
      this.value,
      this.timestamp,
      this.headers,
    );
  }

  withValue(schema: Schema | null, value: unknown): SourceRecord {
    return this.#copy(
      this.topic,
      this.partition,
      this.keySchema,
      this.key,
      schema,
      value,
      this.timestamp,
      this.headers,
    );
  }

  withTopic(topic: string): SourceRecord {
    return this.#copy(
      topic,
      this.partition,
      this.keySchema,
      this.key,
      this.valueSchema,
      this.value,
      this.timestamp,
      this.headers,
    );
  }

  withHeaders(headers: Headers): SourceRecord {
    return this.#copy(
      this.topic,
      this.partition,
      this.keySchema,
      this.key,
      this.valueSchema,
      this.value,
      this.timestamp,
      headers,
    );
  }

  withTimestamp(timestamp: number | null): SourceRecord {
    return this.#copy(
      this.topic,
      this.partition,
      this.keySchema,
      this.key,
      this.valueSchema,
      this.value,
      timestamp,
      this.headers,
    );
  }

  #copy(
    topic: string,
    partition: number | null,
    keySchema: Schema | null,
    key: unknown,
    valueSchema: Schema | null,
    value: unknown,
    timestamp: number | null,
    headers: Headers,
  ): SourceRecord {
    return new SourceRecord(
      this.sourcePartition,
      this.sourceOffset,
      topic,
      partition,
      keySchema,
      key,
      valueSchema,
      value,
      timestamp,
      headers,
    );
  }
}

export type TimestampType = 'create' | 'append' | 'none';

/** A record handed to a sink task. `originalTopic` keeps where it lies in Kafka, whatever transforms make of `topic`. */
export class SinkRecord {
  constructor(
    readonly topic: string,
    readonly partition: number,
    readonly offset: number,
    readonly keySchema: Schema | null,
    readonly key: unknown,
    readonly valueSchema: Schema | null,
    readonly value: unknown,
    readonly timestamp: number | null,
    readonly timestampType: TimestampType,
    readonly headers: Headers,
    /** Topic as fetched, before transforms. Partition and offset never change. */
    readonly originalTopic: string,
  ) {}

  withKey(schema: Schema | null, key: unknown): SinkRecord {
    return this.#copy(this.topic, schema, key, this.valueSchema, this.value, this.timestamp, this.headers);
  }

  withValue(schema: Schema | null, value: unknown): SinkRecord {
    return this.#copy(this.topic, this.keySchema, this.key, schema, value, this.timestamp, this.headers);
  }

  withTopic(topic: string): SinkRecord {
    return this.#copy(
      topic,
      this.keySchema,
      this.key,
      this.valueSchema,
      this.value,
      this.timestamp,
      this.headers,
    );
  }

  withHeaders(headers: Headers): SinkRecord {
    return this.#copy(
      this.topic,
      this.keySchema,
      this.key,
      this.valueSchema,
      this.value,
      this.timestamp,
      headers,
    );
  }

  withTimestamp(timestamp: number | null): SinkRecord {
    return this.#copy(
      this.topic,
      this.keySchema,
      this.key,
      this.valueSchema,
      this.value,
      timestamp,
      this.headers,
    );
  }

  #copy(
    topic: string,
    keySchema: Schema | null,
    key: unknown,
    valueSchema: Schema | null,
    value: unknown,
    timestamp: number | null,
    headers: Headers,
  ): SinkRecord {
    return new SinkRecord(
      topic,
      this.partition,
      this.offset,
      keySchema,
      key,
      valueSchema,
      value,
      timestamp,
      this.timestampType,
      headers,
      this.originalTopic,
    );
  }
}

/** What transforms and predicates see: either kind of record. */
export type ConnectRecord = SourceRecord | SinkRecord;

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** Next offset to read per partition. */
export interface Position extends TopicPartition {
  readonly offset: number;
}

export type Positions = readonly Position[];

export interface SchemaAndValue {
  readonly schema: Schema | null;
  readonly value: unknown;
}

export const NULL_SCHEMA_AND_VALUE: SchemaAndValue = Object.freeze({ schema: null, value: null });
