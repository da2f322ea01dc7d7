/** Schemas made to keep the checker busy, and what it says of them. */
import { checkJson } from '../../../src/schemas/compatibility/json/check';
import { describeJsonProblem } from '../../../src/schemas/compatibility/json/text';
import { closed, integer, kinds, object, parse, string } from './json-support';

const times = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i));
const definitions = (schemas: readonly unknown[]) => ({
  definitions: Object.fromEntries(schemas.map((schema, i) => [`d${i}`, schema])),
});
const ref = (i: number) => ({ $ref: `#/definitions/d${i}` });

/** Each schema refers to the next one, `count` in all. */
const chain = (count: number, link: (next: object, i: number) => unknown, last: unknown) => ({
  ...ref(0),
  ...definitions([...times(count, (i) => link(ref(i + 1), i)), last]),
});

/** On the machines of developers these take less than a second; hours if they are not bounded. */
const SOON_MS = 10_000;

function soon(old: unknown, next: unknown): string[] {
  const began = performance.now();
  const problems = kinds(old, next);
  expect(performance.now() - began).toBeLessThan(SOON_MS);
  return problems;
}

test('definitions that refer to each other exponentially often', () => {
  const schema = (leaf: object) => chain(200, (next) => object({ a: next, b: next }), leaf);
  expect(soon(schema(integer), schema({ type: 'number' }))).toEqual([]);
  expect(soon(schema(string), schema(integer))).toHaveLength(1);
});

test('alternatives of alternatives', () => {
  const schema = (leaf: object) =>
    chain(100, (next, i) => ({ oneOf: [next, object({ [`x${i}`]: next })] }), leaf);
  expect(soon(schema(string), schema(string))).toEqual([]);
  expect(soon(schema(string), schema(integer))).not.toEqual([]);
});

test('every schema refers to every other one', () => {
  const schema = (leaf: object) => ({
    ...ref(0),
    ...definitions([
      ...times(60, (i) => ({ anyOf: [...times(60, ref), object({ [`x${i}`]: ref(60) })] })),
      leaf,
    ]),
  });
  expect(soon(schema(string), schema(integer)).length).toBeGreaterThan(0);
});

test('nesting beyond what the stack holds', () => {
  const schema = (leaf: object) => chain(5000, (next) => object({ a: next }), leaf);
  expect(soon(schema(string), schema(string))).toEqual(['CHECK_TOO_COMPLEX #']);
  const items = (leaf: object) =>
    chain(5000, (next) => ({ $schema: undefined, type: 'array', items: { anyOf: [next] } }), leaf);
  expect(soon(items(string), items(string))).toEqual(['CHECK_TOO_COMPLEX #']);
});

test.each(['http://json-schema.org/draft-07/schema#', 'https://json-schema.org/draft/2020-12/schema'])(
  'references to references, however many, cost no depth (%s)',
  ($schema) => {
    const schema = { $schema, ...chain(5000, (next) => next, string) };
    expect(soon(schema, { $schema, ...string })).toEqual([]);
    expect(soon(schema, schema)).toEqual([]);
    const beside = { $schema, ...chain(5000, (next) => ({ ...next, maxLength: 5 }), string) };
    expect(['CHECK_TOO_COMPLEX #', undefined]).toContain(soon(beside, beside)[0]);
  },
);

test('many alternatives against many', () => {
  const schema = (from: number) => ({ anyOf: times(400, (i) => closed({ [`p${i + from}`]: string })) });
  expect(soon(schema(0), schema(0))).toEqual([]);
  expect(soon(schema(0), schema(1))).not.toEqual([]);
  expect(
    kinds(
      { anyOf: times(2000, (i) => ({ const: i })) },
      { anyOf: times(2000, (i) => ({ const: i + 2000 })) },
    ),
  ).toEqual(['CHECK_TOO_COMPLEX #']);
});

test('patterns that keep the engine busy', () => {
  const patterns = Object.fromEntries(times(50, (i) => [`^(a+)+${i}$`, string]));
  const old = object({}, { patternProperties: patterns, additionalProperties: false });
  const next = object(Object.fromEntries(times(200, (i) => [`${'a'.repeat(900)}${i}!`, string])), {
    patternProperties: patterns,
    additionalProperties: false,
  });
  expect(soon(old, next).length).toBeLessThan(2);
});

test('patterns that cannot be decided count as those that match', () => {
  const patterns = (schema: object) => ({
    patternProperties: { '^(a)\\1$': schema },
    additionalProperties: false,
  });
  const [removed] = kinds(object({ aa: integer }, patterns(string)), object({}, patterns(string)));
  expect(removed).toBe('PROPERTY_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL #/properties/aa');
});

test('numbers of a million digits', () => {
  const of = (digits: string) => `{"type":"number","multipleOf":${digits},"maximum":${digits}}`;
  expect(soon(of('7'.repeat(1_000_000)), of('3'.repeat(1_000_000)))).toHaveLength(2);
  expect(soon(of(`1${'0'.repeat(1_000_000)}`), of('1'))).toEqual(['MAXIMUM_DECREASED #/maximum']);
  expect(soon(of(`0.${'0'.repeat(300)}1`), of('1'))).toEqual(['MULTIPLE_OF_EXPANDED #/multipleOf']);
});

test('the budget is told of when it is spent, in words as well', () => {
  const schema = parse(object(Object.fromEntries(times(100, (i) => [`p${i}`, string]))));
  const [problem] = checkJson(schema, schema, { maxSteps: 50 });
  expect(problem!.kind).toBe('CHECK_TOO_COMPLEX');
  expect(checkJson(schema, schema, { maxSteps: 1000 })).toEqual([]);
  expect(describeJsonProblem(problem!, { reader: 'new schema', writer: 'old schema' })).toContain(
    "fix:'split them, or set the compatibility level NONE'",
  );
});

test('texts are short, however large the schemas', () => {
  const large = closed(
    Object.fromEntries(times(5000, (i) => [`p${i}`, { ...string, title: 'x'.repeat(50) }])),
  );
  const problems = checkJson(parse(closed({ [`q${'x'.repeat(5000)}`]: string })), parse(large));
  expect(problems).toHaveLength(50);
  const texts = problems.map((problem) =>
    describeJsonProblem(problem, { reader: 'new schema', writer: 'old schema' }),
  );
  expect(Math.max(...texts.map((text) => text.length))).toBeLessThan(3000);
});
