/** Requests about topics, configs and ACLs with everything that can be said in them. */
import type { ApiRequest } from '../../../src/kafka/lane';
import type { ByteReader } from '../../../src/kafka/wire/bytes';

export interface NewTopic {
  readonly topic: string;
  /** -1: the broker's default. */
  readonly partitions?: number;
  readonly replicas?: number;
  /** Nodes of each partition. */
  readonly assignments?: readonly { readonly partition: number; readonly nodes: readonly number[] }[];
  readonly configs?: readonly (readonly [name: string, value: string | null])[];
}

export interface TopicAnswer {
  readonly topic: string;
  readonly error: number;
  readonly message: string | null;
}

const topicAnswer = (reader: ByteReader): TopicAnswer => ({
  topic: reader.string(),
  error: reader.int16(),
  message: reader.nullableString(),
});

/** CreateTopics v2 to v4. Partitions and replicas are 1 unless given. */
export const createTopics = (
  topics: readonly NewTopic[],
  { validateOnly = false, version = 4 } = {},
): ApiRequest<{ throttleMs: number; topics: TopicAnswer[] }> => ({
  apiKey: 19,
  apiVersion: version,
  apiName: 'CreateTopics',
  encode(writer) {
    writer.array(topics, (w, { topic, partitions = 1, replicas = 1, assignments = [], configs = [] }) =>
      w
        .string(topic)
        .int32(partitions)
        .int16(replicas)
        .array(assignments, (a, { partition, nodes }) =>
          a.int32(partition).array(nodes, (n, node) => n.int32(node)),
        )
        .array(configs, (c, [name, value]) => c.string(name).nullableString(value)),
    );
    writer.int32(10_000).boolean(validateOnly);
  },
  decode: (reader) => ({ throttleMs: reader.int32(), topics: reader.array(topicAnswer) }),
});

/** CreatePartitions v1. */
export const createPartitions = (
  topics: readonly {
    readonly topic: string;
    readonly count: number;
    readonly assignments?: readonly (readonly number[])[];
  }[],
  validateOnly = false,
): ApiRequest<{ throttleMs: number; topics: TopicAnswer[] }> => ({
  apiKey: 37,
  apiVersion: 1,
  apiName: 'CreatePartitions',
  encode(writer) {
    writer.array(topics, (w, { topic, count, assignments }) => {
      w.string(topic).int32(count);
      if (assignments === undefined) w.int32(-1);
      else w.array(assignments, (a, nodes) => a.array(nodes, (n, node) => n.int32(node)));
    });
    writer.int32(10_000).boolean(validateOnly);
  },
  decode: (reader) => ({ throttleMs: reader.int32(), topics: reader.array(topicAnswer) }),
});

export interface RawMetadata {
  readonly brokers: readonly { readonly nodeId: number; readonly host: string; readonly port: number }[];
  /** Since v2. */
  readonly clusterId?: string | null;
  /** Since v1. */
  readonly controllerId?: number;
  readonly topics: readonly {
    readonly error: number;
    readonly topic: string;
    /** Since v1. */
    readonly isInternal?: boolean;
    readonly partitions: readonly {
      readonly error: number;
      readonly partition: number;
      readonly leader: number;
      /** Since v7. */
      readonly leaderEpoch?: number;
      readonly replicas: readonly number[];
      readonly inSync: readonly number[];
      /** Since v5. */
      readonly offline?: readonly number[];
    }[];
    /** Since v8, as bits; the smallest int32 when it was not asked for. */
    readonly operations?: number;
  }[];
  readonly operations?: number;
}

/** Metadata v0 to v8. Without topics: all in v0, else null is all. */
export const rawMetadata = (
  version: number,
  topics: readonly string[] | null,
  { allowAutoCreate = false, operations = false } = {},
): ApiRequest<RawMetadata> => ({
  apiKey: 3,
  apiVersion: version,
  apiName: 'Metadata',
  encode(writer) {
    if (topics === null) writer.int32(-1);
    else writer.array(topics, (w, topic) => w.string(topic));
    if (version >= 4) writer.boolean(allowAutoCreate);
    if (version >= 8) writer.boolean(operations).boolean(operations);
  },
  decode(reader) {
    if (version >= 3) reader.int32();
    const brokers = reader.array((r) => {
      const broker = { nodeId: r.int32(), host: r.string(), port: r.int32() };
      if (version >= 1) r.nullableString();
      return broker;
    });
    return {
      brokers,
      ...(version >= 2 ? { clusterId: reader.nullableString() } : {}),
      ...(version >= 1 ? { controllerId: reader.int32() } : {}),
      topics: reader.array((r) => readTopicMetadata(r, version)),
      ...(version >= 8 ? { operations: reader.int32() } : {}),
    };
  },
});

function readTopicMetadata(reader: ByteReader, version: number): RawMetadata['topics'][number] {
  return {
    error: reader.int16(),
    topic: reader.string(),
    ...(version >= 1 ? { isInternal: reader.boolean() } : {}),
    partitions: reader.array((p) => ({
      error: p.int16(),
      partition: p.int32(),
      leader: p.int32(),
      ...(version >= 7 ? { leaderEpoch: p.int32() } : {}),
      replicas: p.array((r) => r.int32()),
      inSync: p.array((r) => r.int32()),
      ...(version >= 5 ? { offline: p.array((r) => r.int32()) } : {}),
    })),
    ...(version >= 8 ? { operations: reader.int32() } : {}),
  };
}

export const RESOURCE = { topic: 2, broker: 4, brokerLogger: 8 } as const;
export const SOURCE = { topic: 1, dynamicBroker: 2, dynamicDefault: 3, static: 4, default: 5 } as const;

export interface DescribedConfig {
  readonly name: string;
  readonly value: string | null;
  readonly readOnly: boolean;
  readonly source: number;
  readonly sensitive: boolean;
  readonly synonyms: readonly {
    readonly name: string;
    readonly value: string | null;
    readonly source: number;
  }[];
  /** Since v3. */
  readonly type?: number;
  readonly documentation?: string | null;
}

export interface DescribedResource {
  readonly error: number;
  readonly message: string | null;
  readonly type: number;
  readonly name: string;
  readonly configs: readonly DescribedConfig[];
}

export interface DescribedQuestion {
  readonly type: number;
  readonly name: string;
  /** Null: all. */
  readonly keys?: readonly string[] | null;
}

/** DescribeConfigs v1 to v3. */
export const describeConfigs = (
  resources: readonly DescribedQuestion[],
  { synonyms = false, version = 2 } = {},
): ApiRequest<{ throttleMs: number; resources: DescribedResource[] }> => ({
  apiKey: 32,
  apiVersion: version,
  apiName: 'DescribeConfigs',
  encode(writer) {
    writer.array(resources, (w, { type, name, keys = null }) => {
      w.int8(type).string(name);
      if (keys === null) w.int32(-1);
      else w.array(keys, (k, key) => k.string(key));
    });
    writer.boolean(synonyms);
    if (version >= 3) writer.boolean(false);
  },
  decode: (reader) => ({
    throttleMs: reader.int32(),
    resources: reader.array((r) => ({
      error: r.int16(),
      message: r.nullableString(),
      type: r.int8(),
      name: r.string(),
      configs: r.array((c) => readConfig(c, version)),
    })),
  }),
});

function readConfig(reader: ByteReader, version: number): DescribedConfig {
  const config = {
    name: reader.string(),
    value: reader.nullableString(),
    readOnly: reader.boolean(),
    source: reader.int8(),
    sensitive: reader.boolean(),
    synonyms: reader.array((r) => ({ name: r.string(), value: r.nullableString(), source: r.int8() })),
  };
  if (version < 3) return config;
  return { ...config, type: reader.int8(), documentation: reader.nullableString() };
}

export interface AlteredResource {
  readonly error: number;
  readonly message: string | null;
  readonly type: number;
  readonly name: string;
}

const alteredResource = (reader: ByteReader): AlteredResource => ({
  error: reader.int16(),
  message: reader.nullableString(),
  type: reader.int8(),
  name: reader.string(),
});

/** AlterConfigs v1: replaces all configs of each resource. */
export const alterConfigs = (
  resources: readonly {
    readonly type?: number;
    readonly name: string;
    readonly configs: readonly (readonly [name: string, value: string | null])[];
  }[],
  validateOnly = false,
): ApiRequest<{ throttleMs: number; resources: AlteredResource[] }> => ({
  apiKey: 33,
  apiVersion: 1,
  apiName: 'AlterConfigs',
  encode: (writer) =>
    void writer
      .array(resources, (w, { type = RESOURCE.topic, name, configs }) =>
        w
          .int8(type)
          .string(name)
          .array(configs, (c, [key, value]) => c.string(key).nullableString(value)),
      )
      .boolean(validateOnly),
  decode: (reader) => ({ throttleMs: reader.int32(), resources: reader.array(alteredResource) }),
});

export const OPERATION = { set: 0, delete: 1, append: 2, subtract: 3 } as const;

/** IncrementalAlterConfigs v0. */
export const incrementalAlterConfigs = (
  resources: readonly {
    readonly type?: number;
    readonly name: string;
    readonly configs: readonly (readonly [name: string, operation: number, value: string | null])[];
  }[],
  validateOnly = false,
): ApiRequest<{ throttleMs: number; resources: AlteredResource[] }> => ({
  apiKey: 44,
  apiVersion: 0,
  apiName: 'IncrementalAlterConfigs',
  encode: (writer) =>
    void writer
      .array(resources, (w, { type = RESOURCE.topic, name, configs }) =>
        w
          .int8(type)
          .string(name)
          .array(configs, (c, [key, operation, value]) =>
            c.string(key).int8(operation).nullableString(value),
          ),
      )
      .boolean(validateOnly),
  decode: (reader) => ({ throttleMs: reader.int32(), resources: reader.array(alteredResource) }),
});

/** DescribeAcls v1 for all there are. */
export const describeAcls = (): ApiRequest<{
  throttleMs: number;
  error: number;
  message: string | null;
  resources: number;
}> => ({
  apiKey: 29,
  apiVersion: 1,
  apiName: 'DescribeAcls',
  // Any resource, any name, any pattern, any principal, any host, any operation, any permission.
  encode: (writer) =>
    void writer
      .int8(1)
      .nullableString(null)
      .int8(1)
      .nullableString(null)
      .nullableString(null)
      .int8(1)
      .int8(1),
  decode: (reader) => ({
    throttleMs: reader.int32(),
    error: reader.int16(),
    message: reader.nullableString(),
    resources: reader.int32(),
  }),
});

export interface AclAnswer {
  readonly throttleMs: number;
  readonly results: readonly { readonly error: number; readonly message: string | null }[];
}

/** CreateAcls v1: read of a topic for user `anybody`. */
export const createAcl = (topic: string): ApiRequest<AclAnswer> => ({
  apiKey: 30,
  apiVersion: 1,
  apiName: 'CreateAcls',
  encode: (writer) =>
    void writer
      .int32(1)
      .int8(RESOURCE.topic)
      .string(topic)
      .int8(3)
      .string('User:anybody')
      .string('*')
      .int8(3)
      .int8(3),
  decode: (reader) => ({
    throttleMs: reader.int32(),
    results: reader.array((r) => ({ error: r.int16(), message: r.nullableString() })),
  }),
});

/** DeleteAcls v1: those of a topic. */
export const deleteAcls = (topic: string): ApiRequest<AclAnswer> => ({
  apiKey: 31,
  apiVersion: 1,
  apiName: 'DeleteAcls',
  encode: (writer) =>
    void writer
      .int32(1)
      .int8(RESOURCE.topic)
      .nullableString(topic)
      .int8(3)
      .nullableString(null)
      .nullableString(null)
      .int8(1)
      .int8(1),
  decode: (reader) => ({
    throttleMs: reader.int32(),
    results: reader.array((r) => {
      const result = { error: r.int16(), message: r.nullableString() };
      if (r.int32() !== 0) throw new Error('no ACL could have been deleted');
      return result;
    }),
  }),
});
