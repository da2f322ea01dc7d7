/** Whether data of one schema can be read as another, by Avro's rules of schema resolution. */
import type { AvroRecord, AvroSchema } from './ast';

/** Null when it can, else the first reason. */
export const readProblem = (reader: AvroSchema, writer: AvroSchema): string | null =>
  problem(reader, writer, '', new Map());

/** Pairs of records by reader, then writer: what was found, null also while it is being found out. */
type Assumed = Map<AvroRecord, Map<AvroRecord, string | null>>;

const PROMOTIONS: Readonly<Record<string, readonly string[]>> = {
  int: ['long', 'float', 'double'],
  long: ['float', 'double'],
  float: ['double'],
  string: ['bytes'],
  bytes: ['string'],
};

function problem(reader: AvroSchema, writer: AvroSchema, at: string, assumed: Assumed): string | null {
  if (reader === writer) return null;
  if (writer.kind === 'union') {
    return firstProblem(writer.branches, (branch) => problem(reader, branch, at, assumed));
  }
  if (reader.kind === 'union') {
    const some = reader.branches.some((branch) => problem(branch, writer, at, assumed) === null);
    return some ? null : `${place(at)}no branch of the union reads ${writer.kind}`;
  }
  if (reader.kind !== writer.kind) {
    const promoted = PROMOTIONS[writer.kind]?.includes(reader.kind) ?? false;
    return promoted ? null : `${place(at)}${writer.kind} cannot be read as ${reader.kind}`;
  }
  return sameKindProblem(reader, writer, at, assumed);
}

function sameKindProblem(
  reader: AvroSchema,
  writer: AvroSchema,
  at: string,
  assumed: Assumed,
): string | null {
  if (reader.kind === 'array' && writer.kind === 'array') {
    return problem(reader.items, writer.items, at, assumed);
  }
  if (reader.kind === 'map' && writer.kind === 'map') {
    return problem(reader.values, writer.values, at, assumed);
  }
  if (reader.kind === 'fixed' && writer.kind === 'fixed') {
    return reader.size === writer.size ? nameProblem(reader, writer, at) : `${place(at)}the sizes differ`;
  }
  if (reader.kind === 'enum' && writer.kind === 'enum') {
    const missing = writer.symbols.find((symbol) => !reader.symbols.includes(symbol));
    if (missing !== undefined && reader.default === null)
      return `${place(at)}the symbol ${missing} is missing`;
    return nameProblem(reader, writer, at);
  }
  if (reader.kind === 'record' && writer.kind === 'record') return recordProblem(reader, writer, at, assumed);
  return null;
}

function recordProblem(reader: AvroRecord, writer: AvroRecord, at: string, assumed: Assumed): string | null {
  // A pair met again within itself is taken for readable: what is wrong with it shows where it was met first.
  const pairs = assumed.get(reader) ?? new Map<AvroRecord, string | null>();
  const known = pairs.get(writer);
  if (known !== undefined) return known;
  assumed.set(reader, pairs.set(writer, null));
  const found =
    nameProblem(reader, writer, at) ??
    firstProblem(reader.fields, (field) => {
      const source = writer.fields.find(
        (each) => each.name === field.name || field.aliases.includes(each.name),
      );
      const path = at === '' ? field.name : `${at}.${field.name}`;
      if (source !== undefined) return problem(field.type, source.type, path, assumed);
      return field.default === undefined ? `${place(path)}it is missing and has no default` : null;
    });
  pairs.set(writer, found);
  return found;
}

type Named = Extract<AvroSchema, { name: unknown }>;

/** Namespaces may differ, unless an alias says which is meant. */
function nameProblem(reader: Named, writer: Named, at: string): string | null {
  const same =
    reader.name.short === writer.name.short ||
    reader.aliases.some((alias) => alias.full === writer.name.full);
  return same ? null : `${place(at)}${writer.name.full} is not ${reader.name.full}`;
}

const place = (at: string): string => (at === '' ? '' : `field ${at}: `);

function firstProblem<T>(items: readonly T[], check: (item: T) => string | null): string | null {
  for (const item of items) {
    const found = check(item);
    if (found !== null) return found;
  }
  return null;
}
