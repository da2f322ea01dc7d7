import { readJsonSchema } from '../../src/schemas/json-schema/schema-text';
import { compileValidator } from '../../src/schemas/json-validator';

const validatorOf = (json: unknown, references: readonly { name: string; text: string }[] = []) =>
  compileValidator(
    readJsonSchema(JSON.stringify(json), references, { normalize: false, strict: false }).schema,
  );
const fits = (json: unknown, value: unknown): boolean => validatorOf(json)(value) === null;

const DRAFT = (name: string) => `http://json-schema.org/${name}/schema#`;

describe('validation by JSON schema', () => {
  it.each<[what: string, json: unknown, good: unknown, bad: unknown]>([
    ['types', { type: 'integer' }, 1, 1.5],
    ['true', true, 1, undefined],
    [
      'definitions',
      { definitions: { a: { type: 'string' } }, properties: { x: { $ref: '#/definitions/a' } } },
      { x: 'a' },
      { x: 1 },
    ],
    [
      'itself',
      { type: 'object', properties: { next: { $ref: '#' } } },
      { next: { next: {} } },
      { next: { next: 1 } },
    ],
    ['an anchor', { definitions: { a: { $id: '#a', type: 'string' } }, items: { $ref: '#a' } }, ['x'], [1]],
    [
      'the id that Confluent writes',
      { id: '#id1', type: 'object', properties: { in: { $ref: '#id1' } } },
      { in: {} },
      { in: 1 },
    ],
    [
      'draft-04: a bound that is exclusive',
      { $schema: DRAFT('draft-04'), minimum: 1, exclusiveMinimum: true },
      2,
      1,
    ],
    [
      'draft-04: a bound that is not',
      { $schema: DRAFT('draft-04'), maximum: 1, exclusiveMaximum: false },
      1,
      2,
    ],
    ['draft-06', { $schema: DRAFT('draft-06'), exclusiveMinimum: 1 }, 2, 1],
    [
      'draft-07: what is beside $ref does not count',
      { definitions: { a: { type: 'integer' } }, $ref: '#/definitions/a', minimum: 5 },
      1,
      'x',
    ],
    [
      '2019-09: what is beside $ref counts',
      {
        $schema: 'https://json-schema.org/draft/2019-09/schema',
        $defs: { a: { type: 'integer' } },
        $ref: '#/$defs/a',
        minimum: 5,
      },
      5,
      1,
    ],
    [
      '2020-12',
      {
        $schema: 'https://json-schema.org/draft/2020-12/schema',
        prefixItems: [{ type: 'string' }],
        items: false,
      },
      ['x'],
      ['x', 1],
    ],
    ['patterns', { pattern: '^a+$' }, 'aaa', 'aab'],
    ['names of members', { patternProperties: { '^x': { type: 'integer' } } }, { x1: 1 }, { x1: 'a' }],
  ])('knows %s', (_what, json, good, bad) => {
    expect(validatorOf(json)(good)).toBeNull();
    if (bad !== undefined) expect(fits(json, bad)).toBe(false);
  });

  it('follows references to other schemas', () => {
    const references = [{ name: 'a.json', text: '{"definitions":{"n":{"type":"integer"}}}' }];
    const validate = validatorOf({ properties: { x: { $ref: 'a.json#/definitions/n' } } }, references);
    expect(validate({ x: 1 })).toBeNull();
    expect(validate({ x: 'a' })).toBe('#/x must be integer');
    expect(() => validatorOf({ $ref: 'http://127.0.0.1:1/never-fetched.json' })).toThrow(
      'not among its references',
    );
  });

  it('takes formats for notes', () => {
    expect(fits({ format: 'date' }, 'no date')).toBe(true);
  });

  it('is not held up by patterns that backtrack', () => {
    const validate = validatorOf({ pattern: '^(([a-z])+.)+[A-Z]([a-z])+$' });
    const before = performance.now();
    expect(validate('a'.repeat(500))).not.toBeNull();
    expect(performance.now() - before).toBeLessThan(2000);
  });

  it('does not run code that is in a schema', () => {
    const evil = "x'); globalThis.hacked = true; ('";
    const validate = validatorOf({
      properties: { [evil]: { const: evil } },
      required: [evil],
      pattern: evil,
    });
    validate({ [evil]: 1 });
    expect((globalThis as { hacked?: boolean }).hacked).toBeUndefined();
  });

  it('refuses what cannot be compiled', () => {
    expect(() => validatorOf({ type: 'integral' })).toThrow('cannot be validated with');
    const items = Array.from({ length: 20_001 }, () => ({ type: 'string' }));
    expect(() => validatorOf({ anyOf: items })).toThrow('holds more than 20000 schemas');
  });
});
