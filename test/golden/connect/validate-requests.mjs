/**
 * Configurations to validate, by name. Those of `strict` are for a worker with `connector.client.config.override.policy=None`
 * and `exactly.once.source.support=enabled`, those of `principal` for one with the policy `Principal`; the group of the
 * worker for `default` is `connect-oracle`.
 */
const source = (more = {}, without = []) => merged({ name: 'golden', 'connector.class': 'FileStreamSource', 'tasks.max': '1', file: 'golden-in.txt', topic: 'golden-topic' }, more, without);
const sink = (more = {}, without = []) => merged({ name: 'golden', 'connector.class': 'FileStreamSink', 'tasks.max': '1', file: 'golden-out.txt', topics: 'golden-topic' }, more, without);

const merged = (base, more, without) => Object.fromEntries(Object.entries({ ...base, ...more }).filter(([key]) => !without.includes(key)));

const T = 'org.apache.kafka.connect.transforms.';
const P = `${T}predicates.`;
const JSON_CONVERTER = 'org.apache.kafka.connect.json.JsonConverter';
const STRING_CONVERTER = 'org.apache.kafka.connect.storage.StringConverter';
const transform = (type, more = {}) => {
  const keys = Object.entries(more).map(([key, value]) => [`transforms.a.${key}`, value]);
  return { transforms: 'a', ...(type === null ? {} : { 'transforms.a.type': type }), ...Object.fromEntries(keys) };
};
const predicate = (type, more = {}) => {
  const keys = Object.entries(more).map(([key, value]) => [`predicates.p.${key}`, value]);
  return { predicates: 'p', ...(type === null ? {} : { 'predicates.p.type': type }), ...Object.fromEntries(keys) };
};

const frameworkCases = {
  'source': source(),
  'sink': sink(),
  'source: full class name': source({ 'connector.class': 'org.apache.kafka.connect.file.FileStreamSourceConnector' }),
  'source: class name alone': source({ 'connector.class': 'FileStreamSourceConnector' }),
  'source: no name': source({}, ['name']),
  'source: empty name': source({ name: '' }),
  'source: blank name': source({ name: '  ' }),
  'source: null name': source({ name: null }),
  'source: control characters in the name': source({ name: 'a\u0000b\u001fc\nd\u007fe' }),
  'source: nothing but the class': { 'connector.class': 'FileStreamSource' },
  'sink: nothing but the class': { 'connector.class': 'FileStreamSink' },
  'source: unknown key': source({ 'no.such.key': 'x' }),
  'source: key of a sink': source({ topics: 'a' }),
  'tasks.max: text': source({ 'tasks.max': 'abc' }),
  'tasks.max: zero': source({ 'tasks.max': '0' }),
  'tasks.max: blanks': source({ 'tasks.max': ' 2 ' }),
  'tasks.max: empty': source({ 'tasks.max': '' }),
  'tasks.max: null': source({ 'tasks.max': null }),
  'tasks.max: signs': source({ 'tasks.max': '+3' }),
  'tasks.max: fraction': source({ 'tasks.max': '1.5' }),
  'tasks.max: too large for INT': source({ 'tasks.max': '2147483648' }),
  'tasks.max: number': source({ 'tasks.max': 3 }),
  'boolean: text': source({ 'tasks.max.enforce': 'yes', 'errors.log.enable': 'TRUE', 'errors.log.include.messages': ' false ' }),
  'boolean: empty': source({ 'errors.log.enable': '' }),
  'long: text': source({ 'errors.retry.timeout': 'x', 'errors.retry.delay.max.ms': '-1' }),
  'long: largest': source({ 'errors.retry.timeout': '9223372036854775807', 'errors.retry.delay.max.ms': '9223372036854775808' }),
  'long: below zero': source({ 'errors.retry.timeout': '-2' }),
  'short: too large': sink({ 'errors.deadletterqueue.topic.replication.factor': '40000' }),
  'tolerance: unknown': source({ 'errors.tolerance': 'some' }),
  'tolerance: upper case': source({ 'errors.tolerance': 'ALL' }),
  'tolerance: all': source({ 'errors.tolerance': 'all' }),
  'tolerance: null': source({ 'errors.tolerance': null }),
  'reload: unknown': source({ 'config.action.reload': 'never' }),
  'reload: none': source({ 'config.action.reload': 'NONE' }),
  'plugin version: exact': source({ 'connector.plugin.version': '4.1.1' }),
  'plugin version: other': source({ 'connector.plugin.version': '9.9.9' }),
  'plugin version: range': source({ 'connector.plugin.version': '[4.0,5)' }),
  'plugin version: latest': source({ 'connector.plugin.version': 'latest' }),
  'plugin version: not one': source({ 'connector.plugin.version': 'x y' }),
  'plugin version: empty': source({ 'connector.plugin.version': '' }),
};

const connectorCases = {
  'file source: empty topic': source({ topic: '' }),
  'file source: blank topic': source({ topic: '  ' }),
  'file source: null topic': source({ topic: null }),
  'file source: no topic': source({}, ['topic']),
  'file source: batch size': source({ 'batch.size': 'abc' }),
  'file source: negative batch size': source({ 'batch.size': '-1' }),
  'file source: no file': source({}, ['file']),
  'file sink: no file': sink({}, ['file']),
};

const sinkCases = {
  'sink: neither topics nor regex': sink({}, ['topics']),
  'sink: empty topics': sink({ topics: '' }),
  'sink: blank topics': sink({ topics: ' , ' }),
  'sink: null topics': sink({ topics: null }),
  'sink: both': sink({ 'topics.regex': 'a.*' }),
  'sink: regex': sink({ 'topics.regex': 'a.*' }, ['topics']),
  'sink: broken regex': sink({ 'topics.regex': '(' }, ['topics']),
  'sink: broken regex and topics': sink({ 'topics.regex': '[a' }),
  'sink: topics with blanks': sink({ topics: ' a ,b,  c' }),
  'sink: repeated topics': sink({ topics: 'a,a' }),
  'dead letters: in topics': sink({ topics: 'a,golden-dlq', 'errors.deadletterqueue.topic.name': 'golden-dlq' }),
  'dead letters: in regex': sink({ 'topics.regex': 'golden-.*', 'errors.deadletterqueue.topic.name': 'golden-dlq' }, ['topics']),
  'dead letters: elsewhere': sink({ 'errors.deadletterqueue.topic.name': 'golden-dlq' }),
  'dead letters: regex matches a part': sink({ 'topics.regex': 'golden', 'errors.deadletterqueue.topic.name': 'golden-dlq' }, ['topics']),
  'dead letters: replication 0': sink({ 'errors.deadletterqueue.topic.replication.factor': '0' }),
  'dead letters: both set': sink({ topics: 'golden-dlq', 'topics.regex': 'golden-.*', 'errors.deadletterqueue.topic.name': 'golden-dlq' }),
  'group: of the worker by default': sink({ name: 'oracle' }),
  'group: of the worker by override': sink({ 'consumer.override.group.id': 'connect-oracle' }),
  'group: another by override': sink({ name: 'oracle', 'consumer.override.group.id': 'other' }),
  'group: a source with the name': source({ name: 'oracle' }),
};

const sourceCases = {
  'topic creation: groups': source({ 'topic.creation.groups': 'a,b', 'topic.creation.a.include': 'x.*', 'topic.creation.default.partitions': '1', 'topic.creation.default.replication.factor': '1' }),
  'topic creation: group twice': source({ 'topic.creation.groups': 'a,a' }),
  'topic creation: default among the groups': source({ 'topic.creation.groups': 'default' }),
  'topic creation: default and another': source({ 'topic.creation.groups': 'default,a' }),
  'topic creation: empty name': source({ 'topic.creation.groups': 'a,,b' }),
  'topic creation: default lacks replication': source({ 'topic.creation.default.partitions': '1' }),
  'topic creation: wrong numbers': source({ 'topic.creation.default.partitions': '0', 'topic.creation.default.replication.factor': 'x' }),
  'exactly once: required': source({ 'exactly.once.support': 'required' }),
  'exactly once: requested': source({ 'exactly.once.support': 'REQUESTED' }),
  'exactly once: unknown': source({ 'exactly.once.support': 'maybe' }),
  'exactly once: null': source({ 'exactly.once.support': null }),
  'boundary: interval': source({ 'transaction.boundary': 'Interval', 'transaction.boundary.interval.ms': '1000' }),
  'boundary: unknown': source({ 'transaction.boundary': 'never' }),
  'boundary: connector': source({ 'transaction.boundary': 'connector' }),
  'boundary: interval of 0': source({ 'transaction.boundary.interval.ms': '0' }),
  'boundary: negative interval': source({ 'transaction.boundary.interval.ms': '-1' }),
  'boundary: interval is text': source({ 'transaction.boundary.interval.ms': 'x' }),
  'offsets topic': source({ 'offsets.storage.topic': 'golden-offsets' }),
  'offsets topic: empty': source({ 'offsets.storage.topic': '' }),
  'offsets topic: blank': source({ 'offsets.storage.topic': '  ' }),
};

const transformCases = {
  'transform: HoistField': source(transform(`${T}HoistField$Value`, { field: 'line' })),
  'transform: required key absent': source(transform(`${T}HoistField$Value`)),
  'transform: Cast, bad spec': source(transform(`${T}Cast$Value`, { spec: 'int99' })),
  'transform: Cast, empty spec': source(transform(`${T}Cast$Value`, { spec: '' })),
  'transform: MaskField, no fields': source(transform(`${T}MaskField$Value`, { fields: '' })),
  'transform: ValueToKey': source(transform(`${T}ValueToKey`, { fields: 'a,b' })),
  'transform: RegexRouter, broken': source(transform(`${T}RegexRouter`, { regex: '(', replacement: 'x' })),
  'transform: RegexRouter': source(transform(`${T}RegexRouter`, { regex: '(.*)', replacement: 'x-$1' })),
  'transform: TimestampConverter': source(transform(`${T}TimestampConverter$Value`, { 'target.type': 'nonsense', 'unix.precision': 'years' })),
  'transform: ReplaceField': source(transform(`${T}ReplaceField$Key`, { renames: 'a' })),
  'transform: InsertField': source(transform(`${T}InsertField$Value`, { 'offset.field': 'o' })),
  'transform: InsertHeader': source(transform(`${T}InsertHeader`, { header: '', 'value.literal': 'x' })),
  'transform: HeaderFrom': source(transform(`${T}HeaderFrom$Value`, { fields: 'a', headers: 'b', operation: 'steal' })),
  'transform: ExtractField': source(transform(`${T}ExtractField$Value`, { field: 'f', 'field.syntax.version': 'V3' })),
  'transform: Flatten': source(transform(`${T}Flatten$Value`)),
  'transform: TimestampRouter': source(transform(`${T}TimestampRouter`)),
  'transform: SetSchemaMetadata': source(transform(`${T}SetSchemaMetadata$Value`, { 'schema.version': 'x' })),
  'transform: DropHeaders': source(transform(`${T}DropHeaders`)),
  'transform: Filter': source(transform(`${T}Filter`)),
  'transform: short name': source(transform('RegexRouter', { regex: 'a', replacement: 'b' })),
  'transform: short nested name': source(transform('HoistField$Value', { field: 'a' })),
  'transform: outer class': source(transform(`${T}HoistField`, { field: 'a' })),
  'transform: no class': source(transform(null)),
  'transform: empty class': source(transform('')),
  'transform: unknown class': source(transform('no.such.Transform')),
  'transform: class of another kind': source(transform(JSON_CONVERTER)),
  'transform: class of the platform': source(transform('java.lang.String')),
  'transform: unknown class and its keys': source(transform('no.such.Transform', { field: 'x', negate: 'maybe', predicate: 'p' })),
  'transform: alias twice': source({ ...transform(`${T}Filter`), transforms: 'a,a' }),
  'transform: empty alias': source({ ...transform(`${T}Filter`), transforms: 'a,,' }),
  'transform: blanks': source({ ...transform(`${T}Filter`), transforms: ' a ' }),
  'transform: two': source({ ...transform(`${T}Filter`), transforms: 'b,a', 'transforms.b.type': `${T}DropHeaders`, 'transforms.b.headers': 'x,y' }),
  'transform: null aliases': source({ transforms: null }),
  'transform: unknown key of its own': source(transform(`${T}Filter`, { other: 'x' })),
  'transform: version': source(transform(`${T}Filter`, { 'plugin.version': '9.9' })),
  'transform: negate without predicate': source(transform(`${T}Filter`, { negate: 'true' })),
  'transform: negate false without predicate': source(transform(`${T}Filter`, { negate: 'false' })),
  'transform: negate is text': source(transform(`${T}Filter`, { negate: 'maybe' })),
  'transform: unknown predicate': source(transform(`${T}Filter`, { predicate: 'absent' })),
  'transform: empty predicate': source(transform(`${T}Filter`, { predicate: '' })),
  'predicate: HasHeaderKey': source({ ...transform(`${T}Filter`, { predicate: 'p', negate: 'true' }), ...predicate(`${P}HasHeaderKey`, { name: 'h' }) }),
  'predicate: TopicNameMatches': source({ ...transform(`${T}Filter`, { predicate: 'p' }), ...predicate(`${P}TopicNameMatches`, { pattern: 'a.*' }) }),
  'predicate: broken pattern': source(predicate(`${P}TopicNameMatches`, { pattern: '(' })),
  'predicate: empty name': source(predicate(`${P}HasHeaderKey`, { name: '' })),
  'predicate: required key absent': source(predicate(`${P}HasHeaderKey`)),
  'predicate: no class': source(predicate(null)),
  'predicate: unknown class': source(predicate('no.such.Predicate')),
  'predicate: class of another kind': source(predicate(`${T}Filter`)),
  'predicate: alias twice': source({ ...predicate(`${P}RecordIsTombstone`), predicates: 'p,p' }),
  'predicate: short name': source(predicate('RecordIsTombstone')),
};

const converterCases = {
  'converter: json': source({ 'value.converter': JSON_CONVERTER, 'value.converter.schemas.enable': 'false' }),
  'converter: string': source({ 'key.converter': STRING_CONVERTER }),
  'converter: all three': source({ 'key.converter': STRING_CONVERTER, 'value.converter': JSON_CONVERTER, 'header.converter': 'org.apache.kafka.connect.storage.SimpleHeaderConverter' }),
  'converter: header string': source({ 'header.converter': STRING_CONVERTER, 'header.converter.converter.encoding': 'x' }),
  'converter: long': source({ 'key.converter': 'org.apache.kafka.connect.converters.LongConverter' }),
  'converter: bytes': source({ 'value.converter': 'org.apache.kafka.connect.converters.ByteArrayConverter' }),
  'converter: short name': source({ 'value.converter': 'JsonConverter' }),
  'converter: pruned name': source({ 'value.converter': 'Json', 'key.converter': 'String' }),
  'converter: unknown class': source({ 'value.converter': 'no.such.Converter' }),
  'converter: unknown key class': source({ 'key.converter': 'no.such.Converter' }),
  'converter: unknown header class': source({ 'header.converter': 'no.such.Converter' }),
  'converter: class of another kind': source({ 'value.converter': `${T}Filter` }),
  'converter: class of the platform': source({ 'value.converter': 'java.lang.String' }),
  'converter: header class of another kind': source({ 'header.converter': JSON_CONVERTER }),
  'converter: header class of the platform': source({ 'header.converter': 'java.lang.String' }),
  'converter: empty': source({ 'value.converter': '' }),
  'converter: null': source({ 'value.converter': null }),
  'converter: wrong setting': source({ 'value.converter': JSON_CONVERTER, 'value.converter.schemas.enable': 'maybe', 'value.converter.schemas.cache.size': 'x' }),
  'converter: wrong enumeration': source({ 'value.converter': JSON_CONVERTER, 'value.converter.decimal.format': 'DEC' }),
  'converter: unknown setting': source({ 'value.converter': JSON_CONVERTER, 'value.converter.other': 'x' }),
  'converter: setting without converter': source({ 'value.converter.schemas.enable': 'maybe' }),
  'converter: type given': source({ 'value.converter': JSON_CONVERTER, 'value.converter.converter.type': 'key' }),
  'converter: version': source({ 'value.converter': JSON_CONVERTER, 'value.converter.plugin.version': '4.1.1' }),
  'converter: other version': source({ 'value.converter': JSON_CONVERTER, 'value.converter.plugin.version': '9.9' }),
  'converter: version without converter': source({ 'value.converter.plugin.version': '4.1.1' }),
};

const overrideCases = {
  'override: producer': source({ 'producer.override.acks': '1', 'producer.override.linger.ms': '7' }),
  'override: consumer of a sink': sink({ 'consumer.override.max.poll.records': '7', 'consumer.override.auto.offset.reset': 'earliest' }),
  'override: consumer of a source': source({ 'consumer.override.max.poll.records': '7' }),
  'override: admin': sink({ 'admin.override.retries': '3' }),
  'override: wrong value': source({ 'producer.override.acks': '7', 'producer.override.linger.ms': 'x' }),
  'override: unknown key': source({ 'producer.override.no.such.key': 'x' }),
  'override: password': source({ 'producer.override.sasl.jaas.config': 'secret', 'producer.override.security.protocol': 'PLAINTEXT', 'producer.override.sasl.mechanism': 'PLAIN' }),
  'override: null': source({ 'producer.override.acks': null }),
  'reference: unknown provider': source({ topic: '${nosuch:key}' }),
  'reference: unknown variable': source({ topic: '${env:GOLDEN_ABSENT}' }),
  'reference: absent file': source({ topic: '${file:golden-absent.properties:key}' }),
  'several errors': sink({ 'tasks.max': '-1', 'errors.tolerance': 'x', 'topics.regex': 'x', 'value.converter': 'no.such', ...transform('no.such') }),
};

export const VALIDATE = {
  default: { ...frameworkCases, ...connectorCases, ...sinkCases, ...sourceCases, ...transformCases, ...converterCases, ...overrideCases },
  strict: {
    'exactly once: required': source({ 'exactly.once.support': 'required' }),
    'exactly once: required, not supported': source({ 'exactly.once.support': 'required' }, ['file']),
    'exactly once: required, with an error': source({ 'exactly.once.support': 'required', topic: '' }),
    'boundary: connector': source({ 'transaction.boundary': 'connector' }),
    'boundary: unknown': source({ 'transaction.boundary': 'never' }),
    ...overrideCases,
    'group: another by override': sink({ 'consumer.override.group.id': 'other' }),
  },
  principal: overrideCases,
};
