import { ConfigDef, DataError } from '../kernel';
import type { TransformPlugin } from '../plugin';
import { javaAliases } from './side';
import { dateFormat } from './simple-date-format';

// biome-ignore-start lint/suspicious/noTemplateCurlyInString: the placeholders of the setting.
const TOPIC = '${topic}';
const TIME = '${timestamp}';
// biome-ignore-end lint/suspicious/noTemplateCurlyInString: the placeholders of the setting.

export const timestampRouter: TransformPlugin = {
  kind: 'transform',
  name: 'timestamp-router',
  aliases: javaAliases('TimestampRouter'),
  version: '0.1.0',
  summary: 'Renames topics by the time of the record.',
  config: new ConfigDef([
    {
      name: 'topic.format',
      type: 'STRING',
      default: `${TOPIC}-${TIME}`,
      importance: 'HIGH',
      doc: `The new topic; \`${TOPIC}\` stands for the old one and \`${TIME}\` for the formatted time.`,
    },
    {
      name: 'timestamp.format',
      type: 'STRING',
      default: 'yyyyMMdd',
      importance: 'HIGH',
      doc: "Pattern of Java's SimpleDateFormat, in UTC.",
    },
  ]),
  create(config) {
    const format = dateFormat(config.string('timestamp.format'));
    const parts = config.string('topic.format').split(/(\$\{(?:topic|timestamp)\})/);
    return (record) => {
      const { timestamp } = record;
      if (timestamp === null) throw new DataError(`Timestamp missing on a record of topic ${record.topic}`);
      const time = format.format(timestamp);
      let topic = '';
      for (const part of parts) topic += part === TOPIC ? record.topic : part === TIME ? time : part;
      return record.withTopic(topic) as typeof record;
    };
  },
};
