/** IncrementalAlterConfigs v0, for topics: sets or resets single keys and leaves the others alone. */
import type { ApiRequest } from '../lane';
import { TOPIC_RESOURCE } from './describe-configs';

const SET = 0;
const DELETE = 1;

export interface AlterConfigsAnswer {
  readonly throttleMs: number;
  readonly resources: readonly {
    readonly error: number;
    readonly message: string | null;
    readonly name: string;
  }[];
}

/** @param configs null resets a key to the broker's default */
export const alterTopicConfigsRequest = (
  topic: string,
  configs: Readonly<Record<string, string | null>>,
): ApiRequest<AlterConfigsAnswer> => ({
  apiKey: 44,
  apiVersion: 0,
  apiName: 'IncrementalAlterConfigs',
  encode(writer) {
    writer.int32(1).int8(TOPIC_RESOURCE).string(topic);
    writer.array(Object.entries(configs), (w, [name, value]) =>
      w
        .string(name)
        .int8(value === null ? DELETE : SET)
        .nullableString(value),
    );
    writer.boolean(false); // for real, not only to validate
  },
  decode(reader) {
    const throttleMs = reader.int32();
    const resources = reader.array((r) => {
      const error = r.int16();
      const message = r.nullableString();
      r.int8(); // resource type
      return { error, message, name: r.string() };
    });
    return { throttleMs, resources };
  },
});
