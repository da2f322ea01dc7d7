/**
 * What holds for all JSON schemas: texts survive, every schema fits itself, and "fits" agrees with validating data. The
 * seed of a run is in its name.
 */
import { Ajv, type ValidateFunction } from 'ajv';
import { checkJson } from '../../../src/schemas/compatibility/json/check';
import { readJsonSchema } from '../../../src/schemas/json-schema/schema-text';
import { randomOf } from '../../support/random';
import { JsonSchemaMaker, NAMES, VALUES } from '../support/random-json-schema';
import { parse } from './json-support';

const SEED = Number(process.env.FUZZ_SEED ?? 20_260_823);
const ROUNDS = Number(process.env.FUZZ_ROUNDS ?? 400);

const random = randomOf(SEED);
const { below, pick, chance } = random;
const maker = new JsonSchemaMaker(random);
const list = <T>(least: number, most: number, make: () => T): T[] =>
  Array.from({ length: least + below(most - least + 1) }, make);
const some = <T>(items: readonly T[]): T[] => items.filter(() => chance(0.5));
const schemaOf = (depth: number): unknown => maker.schema(depth);
const rootOf = () => maker.root();

/** The same schema with one thing in it changed, at any depth. */
function changed(schema: unknown): unknown {
  if (typeof schema !== 'object' || schema === null || chance(0.15)) return schemaOf(1);
  if (Array.isArray(schema)) {
    const at = below(schema.length);
    return schema.map((item, i) => (i === at ? changedItem(item) : item));
  }
  const keys = Object.keys(schema);
  if (keys.length === 0) return schemaOf(1);
  const key = pick(keys);
  const { [key]: value, ...rest } = schema as Record<string, unknown>;
  if (key !== 'definitions' && chance(0.3)) return rest;
  return { ...rest, [key]: changedMember(key, value) };
}

const changedItem = (item: unknown): unknown => (typeof item === 'object' ? changed(item) : item);

function changedMember(key: string, value: unknown): unknown {
  if (key === 'properties') {
    const properties = value as Record<string, unknown>;
    const name = pick(NAMES);
    return { ...properties, [name]: name in properties ? changed(properties[name]) : schemaOf(1) };
  }
  if (key === 'definitions') return { d: changed((value as { d: unknown }).d) };
  if (['items', 'additionalItems', 'additionalProperties', 'not', 'anyOf', 'allOf'].includes(key))
    return changed(value);
  if (typeof value === 'number') return Math.max(key === 'multipleOf' ? 0.5 : 0, value + pick([-1, 1]));
  return value;
}

function dataOf(depth: number): unknown {
  if (depth === 0 || chance(0.4)) return pick(VALUES);
  if (chance(0.3)) return list(0, 3, () => dataOf(depth - 1));
  return Object.fromEntries(some([...NAMES, 'next', 'z']).map((name) => [name, dataOf(depth - 1)]));
}

const isReadable = (schema: unknown): boolean => {
  try {
    parse(schema);
    return true;
  } catch {
    return false;
  }
};

const validatorOf = (schema: unknown) =>
  new Ajv({ strict: false, validateSchema: false, logger: false }).compile(schema as object);

/** Null: a schema that leads to itself without a step into the data, which Ajv follows until the stack ends. */
function fits(validate: ValidateFunction, data: unknown): boolean | null {
  try {
    return validate(data);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

const kindsOf = (old: unknown, next: unknown): string[] =>
  checkJson(parse(next), parse(old)).map(({ kind, location }) => `${kind} ${location}`);

test(`texts survive, and printing is a fixed point (seed ${SEED})`, () => {
  for (let i = 0; i < ROUNDS; i++) {
    const schema = rootOf();
    for (const normalize of [false, true]) {
      const options = { normalize, strict: true };
      const { canonical, resolved } = readJsonSchema(JSON.stringify(schema, null, 2), [], options);
      expect(JSON.parse(canonical)).toEqual(JSON.parse(JSON.stringify(schema)));
      const again = readJsonSchema(canonical, [], options);
      expect([again.canonical, again.resolved]).toEqual([canonical, resolved]);
    }
  }
});

test(`every schema fits itself (seed ${SEED})`, () => {
  for (let i = 0; i < ROUNDS; i++) {
    const schema = rootOf();
    expect(kindsOf(schema, schema)).toEqual([]);
    const inlined = readJsonSchema(JSON.stringify(schema), [], { normalize: true, strict: true }).canonical;
    expect(kindsOf(schema, inlined)).toEqual([]);
  }
});

test(`a property may leave an open object (seed ${SEED})`, () => {
  for (let i = 0; i < ROUNDS; i++) {
    const {
      additionalProperties: _closed,
      dependencies: _others,
      ...old
    } = rootOf() as Record<string, unknown>;
    const { [pick(NAMES)]: _gone, ...properties } = old.properties as Record<string, unknown>;
    const required = ((old.required as string[] | undefined) ?? []).filter((name) => name in properties);
    expect(kindsOf(old, { ...old, properties, required })).toEqual([]);
  }
});

test(`what fits the old schema fits a new one that is said to take it (seed ${SEED})`, () => {
  let [judged, compatible, compared] = [0, 0, 0];
  for (let i = 0; i < ROUNDS * 3; i++) {
    const old = rootOf();
    let next = changed(old);
    if (chance(0.3)) next = changed(next);
    // A change of the root may cut off what others refer to.
    if (!isReadable(next) || typeof next !== 'object' || !('definitions' in next!)) continue;
    judged++;
    if (kindsOf(old, next).length > 0) continue;
    compatible++;
    const [before, now] = [validatorOf(old), validatorOf(next)];
    for (let j = 0; j < 50; j++) {
      const data = dataOf(3);
      if (fits(before, data) !== true) continue;
      compared++;
      if (fits(now, data) !== false) continue;
      throw new Error(`${JSON.stringify(data)} fits ${JSON.stringify(old)} and not ${JSON.stringify(next)}`);
    }
  }
  // Else it shows nothing.
  expect(judged).toBeGreaterThan(ROUNDS);
  expect(compatible).toBeGreaterThan(ROUNDS / 10);
  expect(compared).toBeGreaterThan(ROUNDS);
});
