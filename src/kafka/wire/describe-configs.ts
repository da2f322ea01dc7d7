/** DescribeConfigs v2, for topics. */
import type { ApiRequest } from '../lane';
import type { ByteReader } from './bytes';

/** Kafka's number for "topic" as a resource. */
export const TOPIC_RESOURCE = 2;

export interface DescribeConfigsAnswer {
  readonly throttleMs: number;
  readonly resources: readonly {
    readonly error: number;
    readonly message: string | null;
    readonly name: string;
    readonly configs: readonly { readonly name: string; readonly value: string | null }[];
  }[];
}

export const describeTopicConfigsRequest = (topic: string): ApiRequest<DescribeConfigsAnswer> => ({
  apiKey: 32,
  apiVersion: 2,
  apiName: 'DescribeConfigs',
  encode(writer) {
    writer.int32(1).int8(TOPIC_RESOURCE).string(topic).int32(-1); // all its keys
    writer.boolean(false); // without synonyms
  },
  decode: (reader) => ({ throttleMs: reader.int32(), resources: reader.array(readResource) }),
});

function readResource(reader: ByteReader) {
  const error = reader.int16();
  const message = reader.nullableString();
  reader.int8(); // resource type
  return { error, message, name: reader.string(), configs: reader.array(readConfig) };
}

function readConfig(reader: ByteReader) {
  const config = { name: reader.string(), value: reader.nullableString() };
  reader.boolean(); // read only
  reader.int8(); // source
  reader.boolean(); // sensitive
  reader.array((r) => [r.string(), r.nullableString(), r.int8()]); // synonyms
  return config;
}
