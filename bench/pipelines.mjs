/** The paths that are measured. Keys and values are Kafka Connect's own, so any compatible worker can be given them. */

const STRING = {
  'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
  'value.converter': 'org.apache.kafka.connect.storage.StringConverter',
};
const JSON_SCHEMAS = {
  'key.converter': 'org.apache.kafka.connect.json.JsonConverter',
  'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
};
const JSON_PLAIN = {
  ...JSON_SCHEMAS,
  'key.converter.schemas.enable': 'false',
  'value.converter.schemas.enable': 'false',
};
const avro = (registry) => ({
  'key.converter': 'io.confluent.connect.avro.AvroConverter',
  'key.converter.schema.registry.url': registry,
  'value.converter': 'io.confluent.connect.avro.AvroConverter',
  'value.converter.schema.registry.url': registry,
});

/** Settings that let Kafka Connect's workers be fast; ours are fast by default and read them all the same. */
const TUNED_PRODUCER = {
  'plugin.discovery': 'service_load',
  'producer.linger.ms': '20',
  'producer.batch.size': '524288',
  'producer.compression.type': 'lz4',
  'producer.buffer.memory': '134217728',
};
const TUNED_CONSUMER = {
  'plugin.discovery': 'service_load',
  'consumer.max.poll.records': '5000',
  'consumer.fetch.min.bytes': '262144',
  'consumer.max.partition.fetch.bytes': '16777216',
  'consumer.fetch.max.bytes': '67108864',
};

const sink = (c, extra) => ({
  'connector.class': 'io.aiven.connect.jdbc.JdbcSinkConnector',
  'connection.url': `jdbc:postgresql://${c.pg.host}:${c.pg.port}/${c.pg.database}?reWriteBatchedInserts=true`,
  'connection.user': c.pg.user,
  'connection.password': c.pg.password,
  'table.name.format': c.table,
  topics: c.topic,
  'batch.size': '5000',
  ...extra,
});
const UPSERT = { 'insert.mode': 'upsert', 'pk.mode': 'record_key' };

const tableSource = (c) => ({
  'connector.class': 'io.aiven.connect.jdbc.JdbcSourceConnector',
  'connection.url': `jdbc:postgresql://${c.pg.host}:${c.pg.port}/${c.pg.database}`,
  'connection.user': c.pg.user,
  'connection.password': c.pg.password,
  mode: 'incrementing',
  'incrementing.column.name': 'id',
  'table.whitelist': c.sourceTable,
  'topic.prefix': c.prefix,
  'batch.max.rows': '10000',
});

/** `from`: what must be there before; `to`: where records are counted. */
export const PIPELINES = [
  {
    name: 'file → topic',
    id: 'file-topic',
    from: 'lines',
    to: 'topic',
    worker: () => ({ ...STRING, ...TUNED_PRODUCER }),
    connector: (c) => ({
      'connector.class': 'org.apache.kafka.connect.file.FileStreamSourceConnector',
      file: c.lines,
      topic: c.topic,
      'batch.size': '10000',
    }),
  },
  {
    name: 'topic → file',
    id: 'topic-file',
    from: 'lines-topic',
    to: 'file',
    worker: () => ({ ...STRING, ...TUNED_CONSUMER }),
    connector: (c) => ({
      'connector.class': 'org.apache.kafka.connect.file.FileStreamSinkConnector',
      file: c.out,
      topics: c.topic,
    }),
  },
  {
    name: 'CSV directory → Avro topic',
    id: 'csv-avro',
    from: 'csv',
    to: 'topic',
    ownOnly: true,
    worker: (c) => ({ ...avro(c.registry), ...TUNED_PRODUCER }),
    connector: (c) => ({
      'connector.class': 'directory-source',
      path: c.csv,
      format: 'csv',
      topic: c.topic,
      'key.fields': 'id',
    }),
  },
  {
    name: 'topic → Postgres insert (JSON)',
    id: 'pg-insert',
    from: 'json-topic',
    to: 'table',
    worker: () => ({ ...JSON_SCHEMAS, ...TUNED_CONSUMER }),
    connector: (c) => sink(c, { 'insert.mode': 'insert' }),
  },
  {
    name: 'topic → Postgres upsert (JSON)',
    id: 'pg-upsert',
    from: 'json-topic',
    to: 'table',
    worker: () => ({ ...JSON_SCHEMAS, ...TUNED_CONSUMER }),
    connector: (c) => sink(c, UPSERT),
  },
  {
    name: 'topic → Postgres insert (Avro)',
    id: 'pg-insert-avro',
    from: 'avro-topic',
    to: 'table',
    ownOnly: true,
    worker: (c) => ({ ...avro(c.registry), ...TUNED_CONSUMER }),
    connector: (c) => sink(c, { 'insert.mode': 'insert' }),
  },
  {
    name: 'topic → Postgres upsert (Avro)',
    id: 'pg-upsert-avro',
    from: 'avro-topic',
    to: 'table',
    ownOnly: true,
    worker: (c) => ({ ...avro(c.registry), ...TUNED_CONSUMER }),
    connector: (c) => sink(c, UPSERT),
  },
  {
    name: 'Postgres → topic (JSON)',
    id: 'pg-topic',
    from: 'table',
    to: 'topic',
    worker: () => ({ ...JSON_PLAIN, ...TUNED_PRODUCER }),
    connector: tableSource,
  },
  {
    name: 'Postgres → topic (Avro)',
    id: 'pg-topic-avro',
    from: 'table',
    to: 'topic',
    ownOnly: true,
    worker: (c) => ({ ...avro(c.registry), ...TUNED_PRODUCER }),
    connector: tableSource,
  },
];
