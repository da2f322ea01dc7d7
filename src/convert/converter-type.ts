import type { ConfigKey } from '../kernel';

/** Kafka tells converters by this key what they are used for; here `create` does, so it only has to be known. */
export const CONVERTER_TYPE: ConfigKey = {
  name: 'converter.type',
  type: 'STRING',
  default: null,
  importance: 'LOW',
  doc: 'What the converter is used for: key, value or header. Set by the worker.',
};
