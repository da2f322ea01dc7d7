import {
  array,
  BOOLEAN_SCHEMA,
  BYTES_SCHEMA,
  Decimal,
  decimalSchema,
  FLOAT64_SCHEMA,
  INT32_SCHEMA,
  INT64_SCHEMA,
  map,
  OPTIONAL_INT64_SCHEMA,
  OPTIONAL_STRING_SCHEMA,
  Schema,
  STRING_SCHEMA,
  sameSchema,
  struct,
} from '../../../src/kernel';
import { connectSchemaOf } from './support';

const ENUM = 'io.confluent.connect.json.Enum';
const ONE_OF = 'io.confluent.connect.json.OneOf';
const optionalFloat = new Schema('float64', { optional: true });

const enumOf = (symbols: readonly string[], optional = false) =>
  new Schema('string', {
    optional,
    parameters: new Map([[ENUM, ''], ...symbols.map((symbol) => [`${ENUM}.${symbol}`, symbol] as const)]),
  });
const unionOf = (alternatives: readonly Schema[], options: object = {}) =>
  struct(
    alternatives.map((schema, i) => [`${ONE_OF}.field.${i}`, schema] as const),
    { name: ONE_OF, ...options },
  );

/** Shows both when they differ. */
function expectSame(schema: Schema | null, expected: Schema | null): void {
  if (!sameSchema(schema, expected)) expect(schema).toEqual(expected);
  expect(sameSchema(schema, expected)).toBe(true);
}

describe('JSON schema to Connect schema', () => {
  it.each<[json: unknown, schema: Schema]>([
    [{ type: 'boolean' }, BOOLEAN_SCHEMA],
    [{ type: 'integer' }, INT64_SCHEMA],
    [{ type: 'number' }, FLOAT64_SCHEMA],
    [{ type: 'string' }, STRING_SCHEMA],
    ...(['int8', 'int16', 'int32', 'int64'] as const).map(
      (type) => [{ type: 'integer', 'connect.type': type }, new Schema(type)] as [unknown, Schema],
    ),
    ...(['float32', 'float64'] as const).map(
      (type) => [{ type: 'number', 'connect.type': type }, new Schema(type)] as [unknown, Schema],
    ),
    [{ type: 'string', 'connect.type': 'bytes' }, BYTES_SCHEMA],
    [
      {
        type: 'number',
        title: 'org.apache.kafka.connect.data.Decimal',
        'connect.type': 'bytes',
        'connect.version': 1,
        'connect.parameters': { scale: '2' },
        default: 1.5,
      },
      decimalSchema(2, { default: Decimal.parse('1.50') }),
    ],
    [{ type: 'array', items: { type: 'string' } }, array(STRING_SCHEMA)],
    [{ items: { type: 'string' } }, array(STRING_SCHEMA)],
    [
      { type: 'object', 'connect.type': 'map', additionalProperties: { type: 'integer' } },
      map(STRING_SCHEMA, INT64_SCHEMA),
    ],
    [
      {
        type: 'array',
        'connect.type': 'map',
        items: {
          type: 'object',
          properties: { value: { type: 'string' }, key: { type: 'integer', 'connect.type': 'int32' } },
        },
      },
      map(INT32_SCHEMA, STRING_SCHEMA),
    ],
    [
      {
        type: 'object',
        title: 'a.B',
        description: 'd',
        properties: { b: { type: 'string' }, a: { type: 'boolean' } },
      },
      struct(
        [
          ['b', STRING_SCHEMA],
          ['a', BOOLEAN_SCHEMA],
        ],
        { name: 'a.B', doc: 'd' },
      ),
    ],
    [{ properties: { a: { minimum: 1 } } }, struct([['a', FLOAT64_SCHEMA]])],
    [{ minLength: 1 }, STRING_SCHEMA],
    [{ oneOf: [{ type: 'null' }, { type: 'integer' }] }, OPTIONAL_INT64_SCHEMA],
    [{ anyOf: [{ type: 'integer' }, { type: 'null' }] }, OPTIONAL_INT64_SCHEMA],
    [{ type: ['string', 'null'] }, OPTIONAL_STRING_SCHEMA],
    [{ type: ['string'] }, STRING_SCHEMA],
    [{ oneOf: [{ type: 'integer' }] }, INT64_SCHEMA],
    [
      { oneOf: [{ type: 'integer' }, { type: 'string' }] },
      unionOf([OPTIONAL_INT64_SCHEMA, OPTIONAL_STRING_SCHEMA]),
    ],
    [
      {
        title: 'not its name',
        description: 'd',
        anyOf: [{ type: 'null' }, { type: 'number' }, { type: 'string' }],
      },
      unionOf([optionalFloat, OPTIONAL_STRING_SCHEMA], { optional: true, doc: 'd' }),
    ],
    [{ type: ['integer', 'string'] }, unionOf([OPTIONAL_INT64_SCHEMA, OPTIONAL_STRING_SCHEMA])],
    [{ enum: ['a', 'b'] }, enumOf(['a', 'b'])],
    [{ type: 'string', enum: ['a', 'b'] }, enumOf(['a', 'b'])],
    [{ enum: ['a', null] }, enumOf(['a', '<NULL>'])],
    [{ enum: [1, true] }, enumOf(['1', 'true'])],
    [{ type: 'integer', enum: [1, 2] }, INT64_SCHEMA],
    [{ const: 'one' }, enumOf(['one'])],
    [{ type: 'string', const: 'one' }, STRING_SCHEMA],
    [{ type: 'integer', const: 1 }, INT64_SCHEMA],
    [{ oneOf: [{ type: 'null' }, { enum: ['a'] }] }, enumOf(['a'], true)],
    [{ type: 'integer', format: 'int64' }, INT64_SCHEMA],
    [{ type: 'string', format: 'date' }, STRING_SCHEMA],
    [{ allOf: [{ type: 'integer' }, { minimum: 1 }] }, INT64_SCHEMA],
    [{ type: 'string', default: 'x' }, new Schema('string', { default: 'x' })],
    [{ type: 'string', default: null }, STRING_SCHEMA],
    [
      { type: 'string', 'connect.version': 4, 'connect.parameters': { a: 'b' } },
      new Schema('string', { version: 4, parameters: new Map([['a', 'b']]) }),
    ],
  ])('%j', (json, schema) => {
    expectSame(connectSchemaOf(json), schema);
  });

  it('orders fields by their index, else as they stand', () => {
    const property = (index?: number) => ({
      type: 'string',
      ...(index === undefined ? {} : { 'connect.index': index }),
    });
    const names = (properties: object) =>
      connectSchemaOf({ type: 'object', properties })!.fields.map(({ name }) => name);
    expect(names({ c: property(2), a: property(0), b: property(1) })).toEqual(['a', 'b', 'c']);
    expect(names({ c: property(), a: property(), b: property() })).toEqual(['c', 'a', 'b']);
    expect(names({ c: property(5), a: property(), b: property() })).toEqual(['a', 'b', 'c']);
  });

  it('makes fields optional that are not required, when told to', () => {
    const json = {
      type: 'object',
      required: ['a'],
      properties: { a: { type: 'integer' }, b: { type: 'string' } },
    };
    expectSame(
      connectSchemaOf(json, { optionalForNonRequired: true }),
      struct([
        ['a', INT64_SCHEMA],
        ['b', OPTIONAL_STRING_SCHEMA],
      ]),
    );
  });

  it('takes sums in the form that all formats share', () => {
    const general = 'org.apache.kafka.connect.data';
    const json = {
      type: 'object',
      properties: {
        u: { oneOf: [{ type: 'integer' }, { type: 'string' }] },
        v: { oneOf: [{ type: 'integer' }, { type: 'boolean' }] },
        e: { enum: ['x', 'y'] },
      },
    };
    const schema = connectSchemaOf(json, { generalizedSums: true })!;
    expectSame(
      schema.field('u')!.schema,
      struct(
        [
          ['connect_union_field_0', OPTIONAL_INT64_SCHEMA],
          ['connect_union_field_1', OPTIONAL_STRING_SCHEMA],
        ],
        { name: 'connect_union_0', parameters: new Map([[`${general}.Union`, 'connect_union_0']]) },
      ),
    );
    expect(schema.field('v')!.schema.name).toBe('connect_union_1');
    expect([...schema.field('e')!.schema.parameters!]).toEqual([
      [`${general}.Enum`, ''],
      [`${general}.Enum.x`, '0'],
      [`${general}.Enum.y`, '1'],
    ]);
  });

  it('keeps unions of one alternative when told to', () => {
    const schema = connectSchemaOf({ oneOf: [{ type: 'integer' }] }, { flattenSingletonUnions: false });
    expectSame(schema, unionOf([OPTIONAL_INT64_SCHEMA]));
  });

  it('has no schema for one that says nothing', () => {
    expect(connectSchemaOf('{}')).toBeNull();
    expect(connectSchemaOf('true')).toBeNull();
    expect(
      connectSchemaOf({ title: 'anything', $schema: 'http://json-schema.org/draft-07/schema#' }),
    ).toBeNull();
  });

  it.each<[what: string, json: unknown, reason: string]>([
    [
      'a property that says nothing',
      { properties: { a: {} } },
      'The JSON schema of a says nothing about its values',
    ],
    ['false', { properties: { a: { properties: { b: false } } } }, 'The JSON schema of a.b is nothing'],
    ['null alone', { type: 'null' }, 'is null'],
    ['an array of anything', { type: 'array' }, 'does not say what all of its items are'],
    ['an array of several things', { type: 'array', items: [{ type: 'string' }] }, 'all of its items'],
    ['a default of another type', { type: 'integer', default: 'x' }, 'has a default that does not fit'],
    [
      'a type that numbers do not have',
      { type: 'integer', 'connect.type': 'int128' },
      '"int128" is no type of numbers',
    ],
    ['an array of itself', { type: 'array', items: { $ref: '#' } }, 'refers to itself without an object'],
  ])('refuses %s', (_what, json, reason) => {
    expect(() => connectSchemaOf(json)).toThrow(reason);
  });

  describe('references', () => {
    const address = { type: 'object', title: 'Address', properties: { city: { type: 'string' } } };

    it.each<[what: string, json: object]>([
      ['definitions', { definitions: { a: address }, properties: { at: { $ref: '#/definitions/a' } } }],
      [
        '$defs',
        {
          $schema: 'https://json-schema.org/draft/2020-12/schema',
          $defs: { a: address },
          properties: { at: { $ref: '#/$defs/a' } },
        },
      ],
      ['$id', { definitions: { a: { ...address, $id: '#home' } }, properties: { at: { $ref: '#home' } } }],
      [
        'an absolute $id',
        {
          $id: 'http://example.com/root.json',
          definitions: { a: { ...address, $id: 'other.json' } },
          properties: { at: { $ref: 'http://example.com/other.json' } },
        },
      ],
    ])('lead to %s', (_what, json) => {
      const schema = connectSchemaOf(json)!;
      expectSame(schema.field('at')!.schema, struct([['city', STRING_SCHEMA]], { name: 'Address' }));
    });

    it('lead to other schemas of the registry, and from there to further ones', () => {
      const references = [
        {
          name: 'street.json',
          text: JSON.stringify({ title: 'Street', properties: { name: { type: 'string' } } }),
        },
        {
          name: 'address.json',
          text: JSON.stringify({ title: 'Address', properties: { street: { $ref: 'street.json' } } }),
        },
      ];
      const schema = connectSchemaOf(
        {
          properties: { home: { $ref: 'address.json' }, street: { $ref: 'address.json#/properties/street' } },
        },
        {},
        references,
      )!;
      expect(schema.field('home')!.schema.name).toBe('Address');
      expect(schema.field('home')!.schema.field('street')!.schema.name).toBe('Street');
      expect(schema.field('street')!.schema.name).toBe('Street');
    });

    it('may be optional, and repeated', () => {
      const schema = connectSchemaOf({
        definitions: { a: address },
        properties: {
          one: { $ref: '#/definitions/a' },
          two: { oneOf: [{ type: 'null' }, { $ref: '#/definitions/a' }] },
        },
      })!;
      const [one, two] = schema.fields.map((field) => field.schema);
      expect([one!.optional, two!.optional]).toEqual([false, true]);
      expect(two!.fields).toBe(one!.fields);
      expect(one!.parameters).toEqual(new Map([['io.confluent.connect.json.Id', '#id1']]));
    });

    it('may lead back, at any depth and from several schemas', () => {
      const tree = { type: 'object', properties: { next: { $ref: '#/definitions/b' } } };
      const schema = connectSchemaOf({
        definitions: { a: tree, b: { type: 'object', properties: { back: { $ref: '#/definitions/a' } } } },
        $ref: '#/definitions/a',
      })!;
      expect(schema.field('next')!.schema.field('back')!.schema).toBe(schema);
    });
  });

  describe('allOf', () => {
    it('has the properties of all its parts', () => {
      const schema = connectSchemaOf({
        title: 'All',
        definitions: { base: { properties: { id: { type: 'integer' } }, required: ['id'] } },
        properties: { name: { type: 'string' } },
        allOf: [
          { $ref: '#/definitions/base' },
          { allOf: [{ properties: { on: { type: 'boolean' } } }] },
          { required: ['name'] },
        ],
      })!;
      expectSame(
        schema,
        struct(
          [
            ['name', STRING_SCHEMA],
            ['id', INT64_SCHEMA],
            ['on', BOOLEAN_SCHEMA],
          ],
          { name: 'All' },
        ),
      );
    });

    it('is a union beside a bare object', () => {
      const schema = connectSchemaOf({
        type: 'object',
        anyOf: [{ properties: { a: { type: 'string' } } }, { properties: { b: { type: 'string' } } }],
      })!;
      expect(schema.name).toBe(ONE_OF);
      expect(schema.fields).toHaveLength(2);
    });
  });

  describe('hostile schemas', () => {
    it('that unfold without end are refused', () => {
      const definitions: Record<string, object> = { d0: { type: 'string' } };
      for (let i = 1; i <= 40; i++) {
        const ref = { $ref: `#/definitions/d${i - 1}` };
        definitions[`d${i}`] = { oneOf: [ref, ref] };
      }
      const json = { definitions, properties: { a: { $ref: '#/definitions/d40' } } };
      expect(() => connectSchemaOf(json)).toThrow('unfolds to more than 50000');
    });

    it('that refer deeper than any text is nested are refused', () => {
      const definitions: Record<string, object> = { d0: { type: 'string' } };
      for (let i = 1; i <= 5000; i++)
        definitions[`d${i}`] = { type: 'array', items: { $ref: `#/definitions/d${i - 1}` } };
      expect(() => connectSchemaOf({ definitions, $ref: '#/definitions/d5000' })).toThrow(
        'nested deeper than 500',
      );
    });

    it('cannot take names that objects have', () => {
      const schema = connectSchemaOf(
        '{"properties":{"__proto__":{"type":"string"},"constructor":{"type":"string"}}}',
      )!;
      expect(schema.fields.map(({ name }) => name)).toEqual(['__proto__', 'constructor']);
    });
  });

  it('reads drafts after draft-07 as draft-07 when told to', () => {
    const json = {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      properties: { a: { $ref: '#/$defs/a' } },
      $defs: { a: { type: 'string' } },
    };
    const schema = connectSchemaOf(json, { ignoreModernDialects: true })!;
    expectSame(schema.field('a')!.schema, STRING_SCHEMA);
  });
});
