import {
  array,
  BOOLEAN_SCHEMA,
  BYTES_SCHEMA,
  Decimal,
  dateSchema,
  decimalSchema,
  FLOAT32_SCHEMA,
  FLOAT64_SCHEMA,
  INT8_SCHEMA,
  INT16_SCHEMA,
  INT32_SCHEMA,
  INT64_SCHEMA,
  map,
  OPTIONAL_BOOLEAN_SCHEMA,
  OPTIONAL_INT32_SCHEMA,
  OPTIONAL_INT64_SCHEMA,
  OPTIONAL_STRING_SCHEMA,
  Schema,
  STRING_SCHEMA,
  Struct,
  setFields,
  struct,
  timeSchema,
  timestampSchema,
} from '../../../src/kernel';
import { connectSchemaOf, jsonSchemaOf } from './support';

const connect = 'org.apache.kafka.connect.data';

describe('Connect schema to JSON schema', () => {
  it.each<[what: string, schema: Schema, text: string]>([
    ['int8', INT8_SCHEMA, '{"type":"integer","connect.type":"int8"}'],
    ['int16', INT16_SCHEMA, '{"type":"integer","connect.type":"int16"}'],
    ['int32', INT32_SCHEMA, '{"type":"integer","connect.type":"int32"}'],
    ['int64', INT64_SCHEMA, '{"type":"integer","connect.type":"int64"}'],
    ['float32', FLOAT32_SCHEMA, '{"type":"number","connect.type":"float32"}'],
    ['float64', FLOAT64_SCHEMA, '{"type":"number","connect.type":"float64"}'],
    ['boolean', BOOLEAN_SCHEMA, '{"type":"boolean"}'],
    ['string', STRING_SCHEMA, '{"type":"string"}'],
    ['bytes', BYTES_SCHEMA, '{"type":"string","connect.type":"bytes"}'],
    ['an optional', OPTIONAL_BOOLEAN_SCHEMA, '{"oneOf":[{"type":"null"},{"type":"boolean"}]}'],
    [
      'attributes',
      new Schema('string', {
        name: 'a.B',
        version: 3,
        doc: 'about "it"',
        default: 'x',
        parameters: new Map([['p', 'q']]),
      }),
      '{"type":"string","title":"a.B","description":"about \\"it\\"","default":"x","connect.version":3,"connect.parameters":{"p":"q"}}',
    ],
    [
      'attributes of a boolean, whose type comes last',
      new Schema('boolean', { name: 'a.B', version: 1, default: false }),
      '{"title":"a.B","default":false,"connect.version":1,"type":"boolean"}',
    ],
    [
      'Decimal',
      decimalSchema(2),
      `{"type":"string","title":"${connect}.Decimal","connect.version":1,"connect.type":"bytes","connect.parameters":{"scale":"2"}}`,
    ],
    [
      'Date',
      dateSchema(),
      `{"type":"integer","title":"${connect}.Date","connect.version":1,"connect.type":"int32"}`,
    ],
    [
      'Time',
      timeSchema(),
      `{"type":"integer","title":"${connect}.Time","connect.version":1,"connect.type":"int32"}`,
    ],
    [
      'Timestamp',
      timestampSchema(),
      `{"type":"integer","title":"${connect}.Timestamp","connect.version":1,"connect.type":"int64"}`,
    ],
    [
      'array',
      array(OPTIONAL_INT32_SCHEMA),
      '{"type":"array","items":{"oneOf":[{"type":"null"},{"type":"integer","connect.type":"int32"}]}}',
    ],
    [
      'map with string keys',
      map(STRING_SCHEMA, BOOLEAN_SCHEMA),
      '{"type":"object","connect.type":"map","additionalProperties":{"type":"boolean"}}',
    ],
    [
      'map with other keys',
      map(INT32_SCHEMA, STRING_SCHEMA),
      '{"type":"array","connect.type":"map","items":{"type":"object","properties":{"value":{"type":"string","connect.index":1},"key":{"type":"integer","connect.index":0,"connect.type":"int32"}}}}',
    ],
    ['struct without fields', struct([]), '{"type":"object"}'],
    [
      'default of a struct',
      (() => {
        const point = struct([['x', INT32_SCHEMA]]);
        return point.with({ default: new Struct(point, [1]) });
      })(),
      '{"type":"object","default":{"x":1},"properties":{"x":{"type":"integer","connect.index":0,"connect.type":"int32"}}}',
    ],
    [
      'a float as default, without zeros at its end',
      new Schema('float64', { default: 2 }),
      '{"type":"number","default":2,"connect.type":"float64"}',
    ],
  ])('%s', (_what, schema, text) => {
    const printed = jsonSchemaOf(schema);
    expect(JSON.parse(printed)).toEqual(JSON.parse(text));
    expect(printed).toBe(text);
  });

  // A schema that Confluent's converter 7.0 registered for a table of Debezium, as the log of a failed registration shows it.
  it('writes members in the order that Confluent’s converter gives them', () => {
    const value = struct(
      [
        ['id', INT32_SCHEMA],
        ['val', OPTIONAL_INT32_SCHEMA],
      ],
      { name: 't.Value', optional: true },
    );
    const text = (name: string, index: number): string =>
      `"${name}":{"type":"string","connect.index":${index}}`;
    const optional = (name: string, index: number, type: string): string =>
      `"${name}":{"connect.index":${index},"oneOf":[{"type":"null"},${type}]}`;
    const long = '{"type":"integer","connect.type":"int64"}';
    const row =
      '{"type":"object","title":"t.Value","properties":{"val":{"connect.index":1,"oneOf":[{"type":"null"},{"type":"integer","connect.type":"int32"}]},"id":{"type":"integer","connect.index":0,"connect.type":"int32"}}}';
    const source = struct(
      [
        ['version', STRING_SCHEMA],
        ['connector', STRING_SCHEMA],
        ['name', STRING_SCHEMA],
        ['ts_ms', INT64_SCHEMA],
        [
          'snapshot',
          new Schema('string', {
            optional: true,
            name: 'io.debezium.data.Enum',
            version: 1,
            default: 'false',
            parameters: new Map([['allowed', 'true,last,false,incremental']]),
          }),
        ],
        ['db', STRING_SCHEMA],
        ['sequence', OPTIONAL_STRING_SCHEMA],
        ['schema', STRING_SCHEMA],
        ['table', STRING_SCHEMA],
        ['txId', OPTIONAL_INT64_SCHEMA],
        ['lsn', OPTIONAL_INT64_SCHEMA],
        ['xmin', OPTIONAL_INT64_SCHEMA],
      ],
      { name: 'io.debezium.connector.postgresql.Source' },
    );
    const envelope = struct(
      [
        ['before', value],
        ['after', value],
        ['source', source],
        ['op', STRING_SCHEMA],
        ['ts_ms', OPTIONAL_INT64_SCHEMA],
      ],
      { name: 't.Envelope', version: 1 },
    );
    const sourceText = `"source":{"type":"object","title":"io.debezium.connector.postgresql.Source","connect.index":2,"properties":{${[
      text('schema', 7),
      optional('sequence', 6, '{"type":"string"}'),
      optional('xmin', 11, long),
      text('connector', 1),
      optional('lsn', 10, long),
      text('name', 2),
      optional('txId', 9, long),
      text('version', 0),
      '"ts_ms":{"type":"integer","connect.index":3,"connect.type":"int64"}',
      optional(
        'snapshot',
        4,
        '{"type":"string","title":"io.debezium.data.Enum","default":"false","connect.version":1,"connect.parameters":{"allowed":"true,last,false,incremental"}}',
      ),
      text('db', 5),
      text('table', 8),
    ].join(',')}}}`;
    const properties = [
      text('op', 3),
      optional('before', 0, row),
      optional('after', 1, row),
      sourceText,
      optional('ts_ms', 4, long),
    ];
    expect(jsonSchemaOf(envelope)).toBe(
      `{"type":"object","title":"t.Envelope","connect.version":1,"properties":{${properties.join(',')}}}`,
    );
  });

  it('closes objects when told to', () => {
    expect(jsonSchemaOf(struct([['a', STRING_SCHEMA]]), { additionalProperties: false })).toBe(
      '{"type":"object","additionalProperties":false,"properties":{"a":{"type":"string","connect.index":0}}}',
    );
  });

  it('writes decimals as numbers when told to, defaults too', () => {
    const schema = decimalSchema(2, { default: Decimal.parse('1.50') });
    expect(JSON.parse(jsonSchemaOf(schema, { decimalFormat: 'numeric' }))).toEqual({
      type: 'number',
      title: `${connect}.Decimal`,
      default: 1.5,
      'connect.type': 'bytes',
      'connect.version': 1,
      'connect.parameters': { scale: '2' },
    });
    expect(JSON.parse(jsonSchemaOf(schema)).default).toBe('AJY=');
  });

  describe('enums', () => {
    const symbols = (parameter: string, values: readonly string[]) =>
      new Schema('string', {
        parameters: new Map([
          [parameter, ''],
          ...values.map((v, i) => [`${parameter}.${v}`, String(i)] as const),
        ]),
      });

    it('are those of the parameters, null among them', () => {
      const schema = symbols('io.confluent.connect.json.Enum', ['one', 'two', '<NULL>']);
      expect(JSON.parse(jsonSchemaOf(schema))).toEqual({ enum: [null, 'one', 'two'] });
    });

    it('keep the parameters that all formats share', () => {
      const schema = symbols(`${connect}.Enum`, ['one', 'two']);
      expect(JSON.parse(jsonSchemaOf(schema, { generalizedSums: true }))).toEqual({
        enum: ['one', 'two'],
        'connect.parameters': {
          [`${connect}.Enum`]: '',
          [`${connect}.Enum.one`]: '0',
          [`${connect}.Enum.two`]: '1',
        },
      });
    });
  });

  describe('unions', () => {
    const union = (options: object = {}) =>
      struct(
        [
          ['io.confluent.connect.json.OneOf.field.0', OPTIONAL_INT32_SCHEMA],
          ['io.confluent.connect.json.OneOf.field.1', OPTIONAL_STRING_SCHEMA],
        ],
        { name: 'io.confluent.connect.json.OneOf', ...options },
      );
    const alternatives =
      '{"type":"integer","connect.index":0,"connect.type":"int32"},{"type":"string","connect.index":1}';

    it('are their alternatives', () => {
      expect(jsonSchemaOf(union())).toBe(`{"oneOf":[${alternatives}]}`);
    });

    it('have null among them when they are optional', () => {
      expect(jsonSchemaOf(struct([['u', union({ optional: true })]]))).toBe(
        `{"type":"object","properties":{"u":{"connect.index":0,"oneOf":[{"type":"null"},${alternatives}]}}}`,
      );
    });
  });

  describe('structs that hold themselves', () => {
    const tree = (options: object = {}): Schema => {
      const node = new Schema('struct', { name: 'Node', ...options });
      setFields(node, [
        ['name', STRING_SCHEMA],
        ['left', node.with({ optional: true })],
        ['children', array(node)],
      ]);
      node.fields[1]!.schema.fields = node.fields;
      return node;
    };

    it('have an anchor and are referred to', () => {
      const json = JSON.parse(jsonSchemaOf(tree()));
      expect(json).toMatchObject({ title: 'Node', id: '#id1' });
      expect(json.properties.left).toEqual({
        'connect.index': 1,
        oneOf: [{ type: 'null' }, { $ref: '#id1' }],
      });
      expect(json.properties.children).toEqual({
        type: 'array',
        items: { $ref: '#id1' },
        'connect.index': 2,
      });
    });

    it('keep the anchor they were read with', () => {
      const json = JSON.parse(
        jsonSchemaOf(tree({ parameters: new Map([['io.confluent.connect.json.Id', '#id7']]) })),
      );
      expect(json).toMatchObject({ id: '#id7' });
      expect(json.properties.children.items).toEqual({ $ref: '#id7' });
      expect(json['connect.parameters']).toBeUndefined();
    });

    it('come back', () => {
      const back = connectSchemaOf(jsonSchemaOf(tree()))!;
      expect(back.field('left')!.schema.optional).toBe(true);
      expect(back.field('left')!.schema.fields).toBe(back.fields);
      expect(back.field('children')!.schema.valueSchema).toBe(back);
      expect(jsonSchemaOf(back).replaceAll('#id2', '#id1')).toBe(jsonSchemaOf(tree()));
    });
  });

  it('refuses a default that is none of its values', () => {
    expect(() => jsonSchemaOf(new Schema('int32', { name: 'a.B', default: 'x' }))).toThrow(
      'The default of a.B does not fit',
    );
  });
});
