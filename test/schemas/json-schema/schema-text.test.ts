import { DataError } from '../../../src/kernel';
import { type NamedSchemaText, readJsonSchema } from '../../../src/schemas/json-schema/schema-text';

const textOf = (schema: unknown): string => (typeof schema === 'string' ? schema : JSON.stringify(schema));
const read = (schema: unknown, references: readonly NamedSchemaText[] = [], normalize = false) =>
  readJsonSchema(textOf(schema), references, { normalize, strict: true });
const named = (name: string, schema: unknown): NamedSchemaText => ({ name, text: textOf(schema) });

const D4 = 'http://json-schema.org/draft-04/schema#';
const D6 = 'http://json-schema.org/draft-06/schema#';
const D7 = 'http://json-schema.org/draft-07/schema#';
const D2019 = 'https://json-schema.org/draft/2019-09/schema';
const D2020 = 'https://json-schema.org/draft/2020-12/schema';
const DRAFTS = [D4, D6, D7, D2019, D2020];

describe('printing', () => {
  test('compact, in the order and spelling of the text', () => {
    const text =
      ' {\n "type" : "number", "maximum": 1.0, "a": 1e3, "10": {}, "2": "\\u00e9\\/\\u0001", "__proto__": [ true, null ] } ';
    expect(read(text).canonical).toBe(
      '{"type":"number","maximum":1.0,"a":1e3,"10":{},"2":"é/\\u0001","__proto__":[true,null]}',
    );
  });

  test('normalised: members by name at every depth, lists as they are', () => {
    const text =
      '{"type":["string","null"],"properties":{"b":{"z":1,"a":2},"a":true},"allOf":[{"y":1,"x":1}]}';
    expect(read(text, [], true).canonical).toBe(
      '{"allOf":[{"x":1,"y":1}],"properties":{"a":true,"b":{"a":2,"z":1}},"type":["string","null"]}',
    );
  });

  test.each(['true', 'false', '{}'])('%s', (text) => expect(read(text).canonical).toBe(text));
});

describe.each(DRAFTS)('%s', ($schema) => {
  test.each([
    ['#/type: must be one of array, boolean, integer, null, number, object, string', { type: 'strin' }],
    ['#/properties/a/type/1: must be one of array', { properties: { a: { type: ['string', 'x'] } } }],
    ['#/properties/a/maxLength: must be >= 0', { properties: { a: { maxLength: -1 } } }],
    ['#/properties/a~1b/properties: must be object', { properties: { 'a/b': { properties: [] } } }],
    ['#/items: must be', { items: 5 }],
    ['#/required: "a" is there more than once', { required: ['a', 'a'] }],
    ['#/type: "string" is there more than once', { type: ['string', 'string'] }],
    ['#/multipleOf: must be > 0', { multipleOf: 0 }],
    ['#/not/pattern: "a(" is no regular expression', { not: { pattern: 'a(' } }],
    ['#/patternProperties/[: "[" is no regular expression', { patternProperties: { '[': {} } }],
    ['#/anyOf: must NOT have fewer than 1 items', { anyOf: [] }],
    ['#/items/$ref: "#/definitions/x" leads to no schema', { items: { $ref: '#/definitions/x' } }],
    ['#/items/$ref: "#x" leads to no schema', { items: { $ref: '#x' } }],
    [
      '#/items/$ref: "x.json" is not among the references: add a reference of that name',
      { items: { $ref: 'x.json#/a' } },
    ],
    [
      '#/items/$ref: "http://127.0.0.1:1/x" is not among the references',
      { items: { $ref: 'http://127.0.0.1:1/x' } },
    ],
  ])('refuses with %s', (problem, schema) => {
    let message = '';
    try {
      read({ $schema, ...schema });
    } catch (error) {
      expect(error).toBeInstanceOf(DataError);
      message = (error as Error).message;
    }
    expect(message).toContain(problem);
  });

  test('takes what it describes', () => {
    expect(() =>
      read({
        $schema,
        type: 'object',
        properties: { a: { $ref: $schema }, b: { enum: [1, 1] } },
        required: ['a'],
      }),
    ).not.toThrow();
  });

  test('takes the deepest nesting that can be written', () => {
    const deep = (depth: number) => `${'{"not":'.repeat(depth)}{}${'}'.repeat(depth)}`;
    expect(() => read(deep(250).replace('{', `{"$schema":"${$schema}",`))).not.toThrow();
    expect(() => read(deep(300))).toThrow('nested deeper');
  });
});

describe('drafts differ', () => {
  test.each([
    [D4, { exclusiveMaximum: true, maximum: 1 }, true],
    [D4, { exclusiveMaximum: true }, false],
    [D4, { exclusiveMaximum: 1 }, false],
    [D6, { exclusiveMaximum: 1 }, true],
    [D6, { exclusiveMaximum: true }, false],
    [D4, { properties: { a: true } }, false],
    [D6, { properties: { a: true } }, true],
    [D4, { required: [] }, false],
    [D7, { required: [] }, true],
    [D7, { if: 5 }, false],
    [D4, { if: 5 }, true],
    [D7, { items: [{}] }, true],
    [D2020, { items: [{}] }, false],
    [D2020, { prefixItems: [5] }, false],
    [D7, { prefixItems: [5] }, true],
    [D2019, { dependentRequired: { a: 'b' } }, false],
    ['http://example.com/own', { exclusiveMaximum: true }, false],
    ['http://example.com/own', { exclusiveMaximum: 1 }, true],
  ])('%s %j: %p', ($schema, schema, valid) => {
    const attempt = () => read({ $schema, ...schema });
    if (valid) expect(attempt).not.toThrow();
    else expect(attempt).toThrow(DataError);
  });
});

test.each(['', '5', '"string"', 'null', '[]', '{', '{"a":1,}', '{"type":"string"} x'])(
  '%j is no schema',
  (text) => {
    expect(() => read(text)).toThrow(DataError);
  },
);

test('what was stored once is read even if it is invalid', () => {
  const text = '{"type":"strin","properties":5,"pattern":"(","$ref":"gone.json"}';
  expect(readJsonSchema(text, [], { normalize: false, strict: false }).canonical).toBe(text);
  expect(() => readJsonSchema('5', [], { normalize: false, strict: false })).toThrow(DataError);
});

test('messages are short, however long the names', () => {
  const name = 'x'.repeat(100_000);
  for (const schema of [
    { $ref: name },
    { properties: { [name]: 5 } },
    { properties: { [name]: { $ref: '#/a' } } },
    { pattern: `(${name}` },
  ]) {
    let message = '';
    try {
      read(schema);
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message.length).toBeGreaterThan(10);
    expect(message.length).toBeLessThan(1200);
  }
});

test('lists of a hundred thousand are checked at once', () => {
  const names = JSON.stringify(Array.from({ length: 100_000 }, (_, i) => `n${i}`));
  const began = performance.now();
  for (const $schema of DRAFTS) read(`{"$schema":"${$schema}","required":${names},"enum":${names}}`);
  expect(() => read(`{"$schema":"${D4}","type":${names}}`)).toThrow('#/type/0');
  expect(performance.now() - began).toBeLessThan(10_000);
});

describe('references', () => {
  const address = {
    type: 'object',
    properties: { street: { type: 'string' } },
    definitions: { zip: { type: 'integer' } },
  };
  const valid = (schema: unknown, ...references: NamedSchemaText[]) =>
    expect(() => read(schema, references)).not.toThrow();

  test('by name, with and without a fragment', () => {
    valid({ $ref: 'address.json' }, named('address.json', address));
    valid({ items: { $ref: 'address.json#/definitions/zip' } }, named('address.json', address));
    valid({ items: { $ref: 'address.json#' } }, named('address.json', address));
  });

  test('resolved against $id', () => {
    valid(
      { $id: 'http://x/dir/order.json', items: { $ref: 'address.json' } },
      named('http://x/dir/address.json', address),
    );
    valid(
      { $id: 'http://x/dir/order.json', items: { $ref: 'http://x/dir/address.json' } },
      named('address.json', address),
    );
    valid(
      { $id: 'http://x/dir/order.json', items: { $ref: '/address.json' } },
      named('http://x/address.json', address),
    );
    valid({ $id: 'order.json', items: { $ref: './address.json' } }, named('address.json', address));
    valid(
      { $id: 'urn:example:order', items: { $ref: 'urn:example:address' } },
      named('urn:example:address', address),
    );
    valid(
      { $schema: D4, id: 'http://x/order', items: { $ref: 'address' } },
      named('http://x/address', address),
    );
  });

  test('by the $id of the schema that is referred to', () => {
    valid(
      { items: { $ref: 'http://x/address' } },
      named('whatever', { $id: 'http://x/address', ...address }),
    );
  });

  test('a name with blanks, and one that looks like nothing', () => {
    valid({ items: { $ref: 'my schema.json' } }, named('my schema.json', address));
    valid({ items: { $ref: 'com.acme.Address' } }, named('com.acme.Address', address));
    valid({ items: { $ref: 'a%20b' } }, named('a b', address));
  });

  test('of references', () => {
    const city = named('city.json', { $id: 'http://x/city.json', $ref: 'country.json' });
    const country = named('country.json', { type: 'string' });
    valid({ items: { $ref: 'city.json' } }, country, city);
  });

  test('by another name in another schema', () => {
    const shared = { ...named('a.json', { type: 'string' }), aliases: ['b.json'] };
    valid({ items: { $ref: 'b.json' } }, shared);
    valid({ items: { $ref: 'a.json' } }, shared);
  });

  test('anchors and parts with an $id of their own', () => {
    valid({ $schema: D2020, items: { $ref: '#here' }, $defs: { x: { $anchor: 'here' } } });
    valid({ $schema: D2020, items: { $dynamicRef: '#here' }, $defs: { x: { $dynamicAnchor: 'here' } } });
    valid({
      $schema: D2020,
      $id: 'http://x/a',
      items: { $ref: 'b#/$defs/y' },
      $defs: { x: { $id: 'b', $defs: { y: {} } } },
    });
    valid(
      { items: { $ref: 'other.json#here' } },
      named('other.json', { definitions: { x: { $id: '#here' } } }),
    );
    expect(() =>
      read({ $schema: D2020, items: { $ref: '#here' }, $defs: { x: { $id: 'part', $anchor: 'here' } } }),
    ).toThrow('leads to no schema');
  });

  test('inside a part with an $id, # means the part', () => {
    const schema = (ref: string) => ({
      $schema: D2020,
      $id: 'http://x/a',
      $defs: { part: { $id: 'part', items: { $ref: ref }, $defs: { inner: {} } }, outer: {} },
    });
    valid(schema('#/$defs/inner'));
    valid(schema('a#/$defs/outer'));
    expect(() => read(schema('#/$defs/outer'))).toThrow(
      '#/$defs/part/items/$ref: "#/$defs/outer" leads to no schema',
    );
  });

  test('places that no draft knows may be referred to, and are schemas then', () => {
    valid({ items: { $ref: '#/components/schemas/a' }, components: { schemas: { a: { type: 'string' } } } });
    valid({ items: { $ref: '#/allOf/1' }, allOf: [{}, { type: 'array' }] });
    expect(() => read({ items: { $ref: '#/title' }, title: 'x' })).toThrow('leads to no schema');
    expect(() => read({ items: { $ref: '#/allOf/2' }, allOf: [{}, {}] })).toThrow('leads to no schema');
  });

  test('what only looks like a reference is none', () => {
    valid({
      properties: { $ref: { type: 'string' } },
      enum: [{ $ref: 'x' }],
      const: { $ref: 'x' },
      default: { $ref: 'x' },
      examples: [{ $ref: 'x' }],
    });
  });

  test('loops that mean nothing are refused, recursion is not', () => {
    valid({ properties: { next: { $ref: '#' } } });
    expect(() =>
      read({
        items: { $ref: '#/definitions/a' },
        definitions: { a: { $ref: '#/definitions/b' }, b: { $ref: '#/definitions/a' } },
      }),
    ).toThrow('leads to nothing but itself');
  });

  test('one that is no schema is named', () => {
    expect(() => read({ $ref: 'a' }, [named('a', '[')])).toThrow(
      'The reference a is invalid: Not valid JSON',
    );
  });
});

describe('resolved text', () => {
  const street = { type: 'string', maxLength: 5 };
  const address = { type: 'object', properties: { street } };
  const inPlace = { type: 'object', properties: { home: address, work: address } };
  const refers = (ref: string, more: object = {}) => ({
    type: 'object',
    properties: { home: { $ref: ref }, work: { $ref: ref } },
    ...more,
  });

  test.each<[string, unknown, NamedSchemaText[]]>([
    ['a reference', refers('address.json'), [named('address.json', address)]],
    [
      'a reference with an $id',
      refers('address.json'),
      [named('address.json', { $schema: D7, $id: 'address.json', ...address })],
    ],
    ['a definition', refers('#/definitions/a', { definitions: { a: address } }), []],
    [
      'a definition with an $id',
      refers('address.json', { definitions: { a: { $id: 'address.json', ...address } } }),
      [],
    ],
    [
      'references of references',
      refers('address.json'),
      [
        named('street.json', street),
        named('address.json', { ...address, properties: { street: { $ref: 'street.json' } } }),
      ],
    ],
  ])('is the same for a schema in place and for %s', (_what, schema, references) => {
    expect(read(schema, references).resolved).toBe(textOf(inPlace));
  });

  test('is the same for recursion within a reference and within a definition', () => {
    const node = (self: string) => ({ type: 'object', properties: { next: { $ref: self } } });
    const byReference = read({ items: { $ref: 'node.json' } }, [named('node.json', node('#'))]);
    const byDefinition = read({
      items: { $ref: '#/definitions/n' },
      definitions: { n: node('#/definitions/n') },
    });
    expect(byReference.resolved).toBe(byDefinition.resolved);
    expect(read({ items: node('#') }).resolved).not.toBe(byReference.resolved);
  });

  test('keeps what is beside $ref where it counts', () => {
    const beside = { items: { $ref: 'a', title: 't' } };
    const a = named('a', street);
    expect(read(beside, [a]).resolved).toBe(textOf({ items: street }));
    expect(read({ $schema: D2020, ...beside }, [a]).resolved).toBe(
      textOf({ $schema: D2020, items: { $ref: street, title: 't' } }),
    );
  });

  test('keeps definitions that other schemas may use', () => {
    const library = { definitions: { a: street, b: { $ref: '#/definitions/a' } } };
    expect(read(library).resolved).toBe(textOf({ definitions: { a: street, b: street } }));
    const withRoot = { $ref: '#/definitions/a', definitions: { a: street, b: true } };
    expect(read(withRoot).resolved).toBe(textOf({ $ref: street, definitions: { a: street, b: true } }));
    expect(read({ $ref: '#/definitions/a', definitions: { a: street } }).resolved).toBe(textOf(street));
  });

  test('differs where references lead to other schemas', () => {
    const of = (schema: object) => read(refers('a'), [named('a', schema)]).resolved;
    expect(of(address)).not.toBe(of(street));
  });

  test('is sorted when normalised', () => {
    const normal = read(refers('address.json'), [named('address.json', address)], true);
    expect(normal.resolved).toBe(read(inPlace, [], true).canonical);
  });

  test('is the text itself where references lead deeper than the stack goes', () => {
    const links = Array.from({ length: 5000 }, (_, i) => [
      `d${i}`,
      { items: { $ref: `#/definitions/d${i + 1}` } },
    ]);
    const chain = read({
      $ref: '#/definitions/d0',
      definitions: { ...Object.fromEntries(links), d5000: street },
    });
    expect(chain.resolved).toBe(chain.canonical);
  });

  test('is the text itself where references multiply beyond measure', () => {
    const definitions = Object.fromEntries(
      Array.from({ length: 64 }, (_, i) => [
        `d${i}`,
        { anyOf: [{ $ref: `#/definitions/d${i + 1}` }, { items: { $ref: `#/definitions/d${i + 1}` } }] },
      ]),
    );
    const bomb = read({ $ref: '#/definitions/d0', definitions: { ...definitions, d64: street } });
    expect(bomb.resolved).toBe(bomb.canonical);
  });
});
