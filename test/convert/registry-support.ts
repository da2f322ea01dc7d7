/** Converters against millrace's own registry over its HTTP, and a struct with a field of each kind to send through them. */
import {
  array,
  Decimal,
  dateSchema,
  decimalSchema,
  INT32_SCHEMA,
  INT64_SCHEMA,
  map,
  OPTIONAL_STRING_SCHEMA,
  Schema,
  STRING_SCHEMA,
  Struct,
  struct,
  timestampSchema,
} from '../../src/kernel';
import type { Converter, ConverterContext } from '../../src/plugin';
import { type RegistryClient, startClient } from '../registry/client';
import { createFakeKafka, type FakeKafka } from '../registry/fake-kafka';
import { context, settle } from './avro/support';

export const inner = struct([['x', INT32_SCHEMA]], { name: 'a.Inner' });
export const wide = struct(
  [
    ['id', INT64_SCHEMA],
    ['day', dateSchema()],
    ['at', timestampSchema({ optional: true })],
    ['price', decimalSchema(2)],
    ['note', OPTIONAL_STRING_SCHEMA],
    ['unit', new Schema('string', { default: 'mm' })],
    ['tags', array(STRING_SCHEMA)],
    ['by', map(INT32_SCHEMA, STRING_SCHEMA)],
    ['in', inner.with({ optional: true })],
  ],
  { name: 'a.Wide', version: 2, doc: 'doc' },
);

/** Of `wide`. Protobuf has no null for a text: there the note is empty. */
export const valuesOf = (note: string | null): unknown[] => [
  9007199254740993n,
  20_000,
  1_700_000_000_000,
  Decimal.parse('12.34'),
  note,
  'km',
  ['a', 'b'],
  new Map([[1, 'one']]),
  new Struct(wide.field('in')!.schema, [7]),
];

interface Made {
  readonly isKey?: boolean;
  readonly context?: ConverterContext;
}

export interface RegistryRig {
  readonly kafka: FakeKafka;
  client: RegistryClient;
  /** A converter of the registry, closed after the test. */
  create(config?: Readonly<Record<string, string>>, made?: Made): Converter;
  /** As values of the topic `t`. */
  write(converter: Converter, schema: Schema | null, value: unknown): Promise<Buffer>;
  read(converter: Converter, bytes: Buffer): Promise<ReturnType<Converter['toConnect']>>;
}

type CreateConverter = (config: Record<string, string>, isKey: boolean, given: ConverterContext) => Converter;

/** To be called in a `describe`: each of its tests gets an empty registry. */
export function useRegistry(createConverter: CreateConverter): RegistryRig {
  const made: Converter[] = [];
  let [kafka, client]: [FakeKafka?, RegistryClient?] = [];

  beforeEach(async () => {
    kafka = createFakeKafka();
    client = await startClient(kafka.port);
  });
  afterEach(async () => {
    for (const converter of made.splice(0)) await converter.close?.();
    await client!.running.close();
  });

  return {
    get kafka() {
      return kafka!;
    },
    get client() {
      return client!;
    },
    set client(other) {
      client = other;
    },
    create(config = {}, { isKey = false, context: given = context } = {}) {
      const common = { 'schema.registry.url': client!.running.url, 'retries.wait.ms': '5' };
      made.push(createConverter({ ...common, ...config }, isKey, given));
      return made.at(-1)!;
    },
    write: (converter, schema, value) =>
      settle(() => Buffer.from(converter.fromConnect('t', [], schema, value)!)),
    read: (converter, bytes) => settle(() => converter.toConnect('t', [], bytes)),
  };
}
