/**
 * Schemas, the Parsing Canonical Form that Apache Avro has for them and its CRC-64 fingerprint (the figures of
 * share/test/data/schema-tests.txt, Apache License 2.0). A registry's canonical text keeps more than that form, so here it is
 * brought into it: what was parsed and printed must still be the same schema to Avro.
 */
import { canonicalAvro, normalizedAvro } from '../../../src/schemas/avro/schema-text';

// biome-ignore lint/suspicious/noExplicitAny: JSON of any shape
type Json = any;

const PRIMITIVES = ['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'];
const ORDER = ['name', 'type', 'fields', 'symbols', 'items', 'values', 'size'];

/** By the rules of Avro's specification, of a schema without escapes. */
function parsingCanonicalForm(schema: Json, space = ''): Json {
  const full = (name: string, own = space) => (name.includes('.') || own === '' ? name : `${own}.${name}`);
  if (typeof schema === 'string') return PRIMITIVES.includes(schema) ? schema : full(schema);
  if (Array.isArray(schema)) return schema.map((branch) => parsingCanonicalForm(branch, space));
  if (PRIMITIVES.includes(schema.type)) return schema.type;
  const name = schema.name === undefined ? undefined : full(schema.name, schema.namespace ?? space);
  const inner = name === undefined ? space : name.slice(0, Math.max(0, name.lastIndexOf('.')));
  const form: Json = { ...schema, name };
  for (const member of ['items', 'values']) {
    if (member in schema) form[member] = parsingCanonicalForm(schema[member], inner);
  }
  if ('fields' in schema) {
    form.fields = schema.fields.map((field: Json) => ({
      name: field.name,
      type: parsingCanonicalForm(field.type, inner),
    }));
  }
  return Object.fromEntries(ORDER.filter((key) => form[key] !== undefined).map((key) => [key, form[key]]));
}

const EMPTY = 0xc15d213aa4d7a795n;
const TABLE = Array.from({ length: 256 }, (_, i) => {
  let print = BigInt(i);
  for (let bit = 0; bit < 8; bit++) print = (print >> 1n) ^ (print & 1n ? EMPTY : 0n);
  return print;
});

/** CRC-64-AVRO as a signed number. */
function fingerprint(text: string): bigint {
  let print = EMPTY;
  for (const byte of Buffer.from(text))
    print = (print >> 8n) ^ TABLE[Number((print ^ BigInt(byte)) & 0xffn)]!;
  return BigInt.asIntN(64, print);
}

type Row = readonly [written: Json, form: Json, crc: bigint];

const primitives: readonly Row[] = (
  [
    ['null', 7195948357588979594n],
    ['boolean', -6970731678124411036n],
    ['int', 8247732601305521295n],
    ['long', -3434872931120570953n],
    ['float', 5583340709985441680n],
    ['double', -8181574048448539266n],
    ['bytes', 5746618253357095269n],
    ['string', -8142146995180207161n],
  ] as const
).flatMap(([kind, crc]) => [
  [kind, kind, crc],
  [{ type: kind }, kind, crc],
]);

const foo = (name: string, ...fields: object[]) => ({ name, type: 'record', fields });
const FOO = -4824392279771201922n;

const rows: readonly Row[] = [
  ...primitives,
  [[], [], -1241056759729112623n],
  [['int'], ['int'], -5232228896498058493n],
  [['int', { type: 'boolean' }], ['int', 'boolean'], 5392556393470105090n],
  [{ fields: [], type: 'record', name: 'foo' }, foo('foo'), FOO],
  [{ fields: [], type: 'record', name: 'foo', namespace: 'x.y' }, foo('x.y.foo'), 5916914534497305771n],
  [{ fields: [], type: 'record', name: 'a.b.foo', namespace: 'x.y' }, foo('a.b.foo'), -4616218487480524110n],
  [{ fields: [], type: 'record', name: 'foo', doc: 'Told' }, foo('foo'), FOO],
  [{ fields: [], type: 'record', name: 'foo', aliases: ['foo', 'bar'] }, foo('foo'), FOO],
  [{ aliases: ['foo', 'bar'], fields: [], doc: 'foo', type: 'record', name: 'foo' }, foo('foo'), FOO],
  [
    { fields: [{ type: { type: 'boolean' }, name: 'f1' }], type: 'record', name: 'foo' },
    foo('foo', { name: 'f1', type: 'boolean' }),
    7843277075252814651n,
  ],
  [
    {
      fields: [
        { type: 'boolean', aliases: [], name: 'f1', default: 'true' },
        { order: 'descending', name: 'f2', doc: 'Hello', type: 'int' },
      ],
      type: 'record',
      name: 'foo',
    },
    foo('foo', { name: 'f1', type: 'boolean' }, { name: 'f2', type: 'int' }),
    -4860222112080293046n,
  ],
  [
    { type: 'enum', name: 'foo', symbols: ['A1'] },
    { name: 'foo', type: 'enum', symbols: ['A1'] },
    -6342190197741309591n,
  ],
  [
    { namespace: 'x.y.z', type: 'enum', name: 'foo', doc: 'foo bar', symbols: ['A1', 'A2'] },
    { name: 'x.y.z.foo', type: 'enum', symbols: ['A1', 'A2'] },
    -4448647247586288245n,
  ],
  [{ name: 'foo', type: 'fixed', size: 15 }, { name: 'foo', type: 'fixed', size: 15 }, 1756455273707447556n],
  [
    { namespace: 'x.y.z', type: 'fixed', name: 'foo', doc: 'foo bar', size: 32 },
    { name: 'x.y.z.foo', type: 'fixed', size: 32 },
    -3064184465700546786n,
  ],
  [{ items: { type: 'null' }, type: 'array' }, { type: 'array', items: 'null' }, -589620603366471059n],
  [{ values: 'string', type: 'map' }, { type: 'map', values: 'string' }, -8732877298790414990n],
  [
    foo('PigValue', { name: 'value', type: ['null', 'int', 'long', 'PigValue'] }),
    foo('PigValue', { name: 'value', type: ['null', 'int', 'long', 'PigValue'] }),
    -1759257747318642341n,
  ],
];

test('all of them are here', () => expect(rows).toHaveLength(34));

test.each(rows)('%j', (written, form, crc) => {
  const { canonical } = canonicalAvro(JSON.stringify(written));
  const { normalized } = normalizedAvro(JSON.stringify(written));
  for (const text of [canonical, normalized]) {
    const printed = JSON.stringify(parsingCanonicalForm(JSON.parse(text)));
    expect([printed, fingerprint(printed)]).toEqual([JSON.stringify(form), crc]);
  }
});
