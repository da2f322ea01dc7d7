/**
 * "Compatible" means that data can be read: avsc, which is no part of the checker, writes random data with the old schema and
 * reads them with the new one. The seed of a run is in its name.
 */
import { Type } from 'avsc';
import { canonicalAvro, normalizedAvro } from '../../../src/schemas/avro/schema-text';
import { checkAvro } from '../../../src/schemas/compatibility/avro';
import { randomOf } from '../../support/random';
import {
  AvroMaker,
  type Container,
  FIELDS,
  type Field,
  keyOf,
  type Named,
  PRIMITIVES,
  type Schema,
  SYMBOLS,
  withDefault,
} from '../support/random-avro';

const SEED = Number(process.env.FUZZ_SEED ?? 20_260_824);
const ROUNDS = Number(process.env.FUZZ_ROUNDS ?? 1500);

const random = randomOf(SEED);
const { below, pick, chance } = random;

const WIDER: Readonly<Record<string, readonly string[]>> = {
  int: ['long', 'float', 'double'],
  long: ['float', 'double'],
  float: ['double'],
  string: ['bytes'],
  bytes: ['string'],
};

/** What a user might make of a schema in its next version; mostly what fits. */
function evolved(schema: Schema, maker: AvroMaker): Schema {
  if (chance(0.08)) return maker.schema(1);
  if (typeof schema === 'string') return evolvedName(schema);
  if (Array.isArray(schema)) return evolvedUnion(schema as readonly Schema[], maker);
  const known = schema as Named | Container;
  switch (known.type) {
    case 'array':
      return { type: 'array', items: evolved(known.items, maker) };
    case 'map':
      return { type: 'map', values: evolved(known.values, maker) };
    default:
      return evolvedNamed(known, maker);
  }
}

function evolvedName(name: string): Schema {
  if (chance(0.3) && name in WIDER) return pick(WIDER[name]!);
  if (chance(0.05) && PRIMITIVES.includes(name)) return pick(PRIMITIVES);
  return chance(0.15) && name !== 'null' ? [...new Set(['null', name])] : name;
}

function evolvedUnion(branches: readonly Schema[], maker: AvroMaker): Schema {
  const next = new Map<string, Schema>();
  for (const branch of branches) {
    if (chance(0.1)) continue;
    const changed = evolved(branch, maker);
    for (const each of Array.isArray(changed) ? (changed as Schema[]) : [changed])
      next.set(keyOf(each), each);
  }
  if (chance(0.3)) next.set('string', 'string');
  return next.size === 0 ? branches : [...next.values()];
}

function evolvedNamed(schema: Named, maker: AvroMaker): Named {
  const { name, type } = schema;
  const renamed = chance(0.1);
  const full = maker.namespace === '' ? name : `${maker.namespace}.${name}`;
  const common = {
    ...schema,
    ...(renamed && { name: `${name}x`, ...(chance(0.7) && { aliases: [full] }) }),
  };
  if (type === 'fixed') return { ...common, size: chance(0.1) ? 3 : schema.size! };
  if (type === 'enum') return evolvedEnum(common);
  const fields = schema.fields!.filter(() => chance(0.85)).map((field) => evolvedField(field, maker));
  const names = fields.map((field) => field.name);
  const added = FIELDS.find((each) => !names.includes(each) && chance(0.2));
  if (added !== undefined) {
    const field = { name: added, type: maker.schema(1) };
    fields.splice(below(fields.length + 1), 0, chance(0.7) ? withDefault(field) : field);
  }
  return { ...common, fields };
}

function evolvedEnum(schema: Named): Named {
  const symbols = SYMBOLS.filter((symbol) => (schema.symbols!.includes(symbol) ? chance(0.85) : chance(0.3)));
  if (symbols.length === 0) symbols.push('A');
  return { ...schema, symbols, ...(chance(0.3) && { default: symbols[0] }) };
}

function evolvedField({ name, type }: Field, maker: AvroMaker): Field {
  const next = evolved(type, maker);
  const field: Field = chance(0.1)
    ? { name: `${name}_new`, type: next, ...(chance(0.8) && { aliases: [name] }) }
    : { name, type: next };
  return chance(0.4) ? withDefault(field) : field;
}

const typeOf = (schema: Schema): Type =>
  Type.forSchema(JSON.parse(JSON.stringify(schema)), { wrapUnions: 'always' });

/** Null for what only looked like a schema: a name that the change has taken away. */
function typeOrNull(schema: Schema): Type | null {
  try {
    return typeOf(schema);
  } catch {
    return null;
  }
}

/** What of avsc's types the values of tests hang on. */
interface Inner extends Type {
  readonly fields: readonly { readonly name: string; readonly type: Inner }[];
  readonly types: readonly Inner[];
  readonly itemsType: Inner;
  readonly valuesType: Inner;
}

/** A value of few levels; avsc's own have no end where a type holds itself twice. */
function dataOf(type: Inner, depth: number): unknown {
  const count = depth > 0 ? below(3) : 0;
  switch (type.typeName) {
    case 'record':
      return Object.fromEntries(type.fields.map((field) => [field.name, dataOf(field.type, depth - 1)]));
    case 'union:wrapped': {
      const ends = type.types.filter(({ typeName }) => typeName !== 'record' && typeName !== 'union:wrapped');
      const branch = pick(depth > 0 || ends.length === 0 ? type.types : ends);
      return branch.typeName === 'null' ? null : { [branch.branchName!]: dataOf(branch, depth - 1) };
    }
    case 'array':
      return Array.from({ length: count }, () => dataOf(type.itemsType, depth - 1));
    case 'map':
      return Object.fromEntries(
        Array.from({ length: count }, (_, i) => [`k${i}`, dataOf(type.valuesType, depth - 1)]),
      );
    default:
      return type.random();
  }
}

/** Why avsc cannot read; null when it can. */
function refusal(reader: Type, writer: Type): string | null {
  try {
    const resolver = reader.createResolver(writer, { ignoreNamespaces: true });
    for (let i = 0; i < 20; i++) {
      const value = reader.fromBuffer(writer.toBuffer(dataOf(writer as Inner, 6)), resolver);
      if (!reader.isValid(value)) return `read ${JSON.stringify(value)}`;
    }
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

const read = (schema: Schema) => canonicalAvro(JSON.stringify(schema), [], { strict: true });

test(`what is compatible can be read, and nothing else (seed ${SEED})`, () => {
  let [compatible, incompatible] = [0, 0];
  for (let round = 0; round < ROUNDS; round++) {
    const maker = new AvroMaker(random);
    const old = maker.root();
    const changed = evolved(old, maker);
    // From the null namespace none leads away: an alias without a namespace is one of the new one.
    const moved = maker.namespace !== '' && keyOf(changed) !== 'union' && typeof changed === 'object';
    const next = moved && chance(0.3) ? { ...changed, namespace: 'm' } : changed;
    const [writer, reader] = [typeOrNull(old)!, typeOrNull(next)];
    if (reader === null) continue;
    const problems = checkAvro(read(next).schema, read(old).schema);
    const refused = refusal(reader, writer);
    if ((refused === null) !== (problems.length === 0)) {
      const found = problems.map(({ kind, location }) => `${kind} ${location}`).join(', ');
      throw new Error(`[${found}] but ${refused}\n${JSON.stringify(old)}\n${JSON.stringify(next)}`);
    }
    if (refused === null) compatible++;
    else incompatible++;
  }
  // Else it shows nothing.
  expect(compatible).toBeGreaterThan(ROUNDS / 10);
  expect(incompatible).toBeGreaterThan(ROUNDS / 10);
});

test(`printing is a fixed point, and what is printed is the same schema (seed ${SEED})`, () => {
  for (let round = 0; round < ROUNDS; round++) {
    const maker = new AvroMaker(random);
    const schema = chance(0.5) ? maker.root() : maker.schema(4);
    const { canonical } = read(schema);
    expect(canonicalAvro(canonical, [], { strict: true }).canonical).toBe(canonical);
    const { normalized, canonical: stored } = normalizedAvro(canonical);
    expect(normalizedAvro(normalized).normalized).toBe(normalized);
    expect(normalizedAvro(stored).canonical).toBe(stored);
    expect(Type.forSchema(JSON.parse(canonical)).fingerprint()).toEqual(typeOf(schema).fingerprint());
  }
});
