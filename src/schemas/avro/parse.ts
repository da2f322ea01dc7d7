/**
 * Avro schema text to tree. Strict is for new schemas: names are ASCII identifiers and defaults fit their types. Lenient
 * is for schemas that a registry once accepted, which must stay usable.
 */
import { DataError } from '../../kernel';
import { type Json, JsonNumber, type JsonObject, parseJson } from '../json-text';
import {
  type AvroField,
  type AvroName,
  type AvroNamed,
  type AvroOrder,
  type AvroProps,
  type AvroRecord,
  type AvroSchema,
  avroName,
  branchName,
  isPrimitiveKind,
} from './ast';
import { defaultProblem } from './defaults';
import { printDouble } from './numbers';
import { printAvro } from './print';

/** A schema that the text may use by name. */
export interface AvroReference {
  readonly name: string;
  readonly text: string;
}

export interface AvroParseOptions {
  /** Check names and defaults as for a new schema. Default false. */
  readonly strict?: boolean;
}

export interface ParsedAvro {
  readonly schema: AvroSchema;
  /** Full names that the references define. */
  readonly referenced: ReadonlySet<string>;
}

/**
 * Parses a schema whose references come dependencies first. Throws DataError with the reason and, for what is valid
 * JSON, the place as a JSON pointer.
 */
export function parseAvro(
  text: string,
  references: readonly AvroReference[] = [],
  options: AvroParseOptions = {},
): ParsedAvro {
  const names = new Map<string, AvroNamed>();
  for (const reference of references) parseReference(reference, names);
  const referenced = new Set(names.keys());
  const schema = new Parser(names, options.strict ?? false).schema(parseJson(text), null, '');
  return { schema, referenced };
}

function parseReference(reference: AvroReference, names: Map<string, AvroNamed>): void {
  try {
    new Parser(names, false).schema(parseJson(reference.text), null, '');
  } catch (error) {
    throw new DataError(`Reference ${reference.name}: ${(error as Error).message}`, { cause: error });
  }
}

const SCHEMA_WORDS: ReadonlySet<string> = new Set(
  'doc fields items name namespace size symbols values type aliases'.split(' '),
);
const ENUM_WORDS: ReadonlySet<string> = new Set([...SCHEMA_WORDS, 'default']);
const FIELD_WORDS: ReadonlySet<string> = new Set('default doc name order type aliases'.split(' '));
const ORDERS: ReadonlySet<string> = new Set<AvroOrder>(['ascending', 'descending', 'ignore']);
const STRICT_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const MAX_FIXED_SIZE = 2147483647;

class Parser {
  constructor(
    readonly names: Map<string, AvroNamed>,
    readonly strict: boolean,
  ) {}

  schema(node: Json, space: string | null, at: string): AvroSchema {
    if (typeof node === 'string') return this.#byName(node, space, at);
    if (Array.isArray(node)) return this.#union(node, space, at);
    if (node instanceof Map) return this.#object(node, space, at);
    throw fault('a schema is a name, an object or an array', at);
  }

  #byName(name: string, space: string | null, at: string): AvroSchema {
    if (isPrimitiveKind(name)) return { kind: name, props: new Map() };
    const known = this.names.get(avroName(name, space).full) ?? this.names.get(name);
    if (known === undefined) throw fault(`${JSON.stringify(name)} is neither a type nor defined before`, at);
    return known;
  }

  #union(nodes: readonly Json[], space: string | null, at: string): AvroSchema {
    const seen = new Set<string>();
    const branches = nodes.map((node, i) => {
      const branch = this.schema(node, space, `${at}/${i}`);
      if (branch.kind === 'union') throw fault('a union directly inside a union', `${at}/${i}`);
      const name = branchName(branch);
      if (seen.has(name)) throw fault(`the union has ${name} twice`, `${at}/${i}`);
      seen.add(name);
      return branch;
    });
    return { kind: 'union', branches };
  }

  #object(node: JsonObject, space: string | null, at: string): AvroSchema {
    const type = node.get('type');
    if (typeof type !== 'string') {
      // Never valid for a new schema; JavaScript libraries have always accepted it.
      if (type !== undefined && type !== null && !this.strict) return this.schema(type, space, `${at}/type`);
      throw fault('"type" is missing', at);
    }
    if (isPrimitiveKind(type)) return { kind: type, props: props(node, SCHEMA_WORDS) };
    switch (type) {
      case 'record':
      case 'error':
        return this.#record(node, space, at);
      case 'enum':
        return this.#enum(node, space, at);
      case 'fixed':
        return this.#fixed(node, space, at);
      case 'array':
        return {
          kind: 'array',
          items: this.#item(node, 'items', space, at),
          props: props(node, SCHEMA_WORDS),
        };
      case 'map':
        return {
          kind: 'map',
          values: this.#item(node, 'values', space, at),
          props: props(node, SCHEMA_WORDS),
        };
      default:
        return this.#byName(type, space, `${at}/type`);
    }
  }

  #item(node: JsonObject, member: 'items' | 'values', space: string | null, at: string): AvroSchema {
    const item = node.get(member);
    if (item === undefined) throw fault(`"${member}" is missing`, at);
    return this.schema(item, space, `${at}/${member}`);
  }

  #record(node: JsonObject, space: string | null, at: string): AvroSchema {
    const name = this.#name(node, space, at);
    const nodes = node.get('fields');
    if (!Array.isArray(nodes)) throw fault('a record needs "fields", an array', at);
    const record: AvroRecord = {
      kind: 'record',
      isError: node.get('type') === 'error',
      name,
      doc: text(node, 'doc'),
      fields: [],
      aliases: this.#aliases(node, name.space, at),
      props: props(node, SCHEMA_WORDS),
    };
    return this.#define(record, at, () => this.#fields(record, nodes, at));
  }

  #fields(record: AvroRecord, nodes: readonly Json[], at: string): void {
    const seen = new Set<string>();
    nodes.forEach((node, i) => {
      const field = this.#field(node, record.name.space, `${at}/fields/${i}`);
      if (seen.has(field.name)) {
        throw fault(`the record ${record.name.full} has the field ${field.name} twice`, `${at}/fields/${i}`);
      }
      seen.add(field.name);
      record.fields.push(field);
    });
    if (this.strict) checkDefaults(record, at);
  }

  #field(node: Json, space: string | null, at: string): AvroField {
    if (!(node instanceof Map)) throw fault('a field is an object', at);
    const name = node.get('name');
    if (typeof name !== 'string') throw fault('a field needs "name", a text', at);
    this.#checkName(name, at);
    const type = node.get('type');
    if (type === undefined) throw fault(`the field ${name} needs "type"`, at);
    const schema = this.schema(type, space, `${at}/type`);
    return {
      name,
      type: schema,
      doc: text(node, 'doc'),
      default: readDefault(node.get('default'), schema),
      order: readOrder(node.get('order'), at),
      aliases: texts(node, 'aliases', at),
      props: props(node, FIELD_WORDS),
    };
  }

  #enum(node: JsonObject, space: string | null, at: string): AvroSchema {
    const name = this.#name(node, space, at);
    if (!Array.isArray(node.get('symbols'))) throw fault('an enum needs "symbols", an array', at);
    const symbols = texts(node, 'symbols', at);
    const seen = new Set<string>();
    for (const symbol of symbols) {
      this.#checkName(symbol, `${at}/symbols`);
      if (seen.has(symbol)) throw fault(`the enum ${name.full} has the symbol ${symbol} twice`, at);
      seen.add(symbol);
    }
    const byDefault = text(node, 'default');
    if (byDefault !== null && !symbols.includes(byDefault)) {
      throw fault(`the default ${byDefault} of the enum ${name.full} is not among its symbols`, at);
    }
    const aliases = this.#aliases(node, name.space, at);
    return this.#define(
      {
        kind: 'enum',
        name,
        doc: text(node, 'doc'),
        symbols,
        default: byDefault,
        aliases,
        props: props(node, ENUM_WORDS),
      },
      at,
    );
  }

  #fixed(node: JsonObject, space: string | null, at: string): AvroSchema {
    const name = this.#name(node, space, at);
    const size = node.get('size');
    const bytes = size instanceof JsonNumber && size.isInteger ? Number(size.text) : -1;
    if (bytes < 0 || bytes > MAX_FIXED_SIZE) throw fault('a fixed needs "size", an integer from 0', at);
    const aliases = this.#aliases(node, name.space, at);
    return this.#define(
      { kind: 'fixed', name, doc: text(node, 'doc'), size: bytes, aliases, props: props(node, SCHEMA_WORDS) },
      at,
    );
  }

  /** A second definition of a name is legal when it says the same. */
  #define<T extends AvroNamed>(type: T, at: string, complete?: () => void): AvroNamed {
    const before = this.names.get(type.name.full);
    if (before === undefined) this.names.set(type.name.full, type);
    complete?.();
    if (before === undefined) return type;
    if (printAvro(before) !== printAvro(type)) throw fault(`${type.name.full} is defined twice`, at);
    return before;
  }

  #name(node: JsonObject, space: string | null, at: string): AvroName {
    const name = node.get('name');
    if (typeof name !== 'string') throw fault(`a ${String(node.get('type'))} needs "name", a text`, at);
    const parsed = avroName(name, text(node, 'namespace') ?? space);
    for (const part of [parsed.short, ...(parsed.space?.split('.') ?? [])]) this.#checkName(part, at);
    if (isPrimitiveKind(parsed.full)) throw fault(`${name} is the name of a primitive type`, at);
    return parsed;
  }

  #aliases(node: JsonObject, space: string | null, at: string): AvroName[] {
    return texts(node, 'aliases', at).map((alias) => avroName(alias, space));
  }

  #checkName(name: string, at: string): void {
    if (this.strict ? !STRICT_NAME.test(name) : name === '') {
      throw fault(`${JSON.stringify(name)} is not a name: letters, digits and _, no digit first`, at);
    }
  }
}

function checkDefaults(record: AvroRecord, at: string): void {
  record.fields.forEach((field, i) => {
    if (field.default === undefined) return;
    const problem = defaultProblem(field.type, field.default);
    if (problem === null) return;
    throw fault(
      `the default of the field ${field.name} of ${record.name.full} ${problem}`,
      `${at}/fields/${i}/default`,
    );
  });
}

/** A float or double may have its default as text; every parser reads it as the number. */
function readDefault(node: Json | undefined, schema: AvroSchema): Json | undefined {
  const isFloat = schema.kind === 'float' || schema.kind === 'double';
  if (!isFloat || typeof node !== 'string' || node.trim() === '' || !Number.isFinite(Number(node)))
    return node;
  return new JsonNumber(printDouble(Number(node)));
}

function readOrder(node: Json | undefined, at: string): AvroOrder {
  if (node === undefined) return 'ascending';
  const order = typeof node === 'string' ? node.toLowerCase() : '';
  if (!ORDERS.has(order)) throw fault('"order" is ascending, descending or ignore', at);
  return order as AvroOrder;
}

function props(node: JsonObject, words: ReadonlySet<string>): AvroProps {
  const found: AvroProps = new Map();
  for (const [key, value] of node) if (!words.has(key)) found.set(key, value);
  return found;
}

function text(node: JsonObject, member: string): string | null {
  const value = node.get(member);
  return typeof value === 'string' ? value : null;
}

function texts(node: JsonObject, member: string, at: string): string[] {
  const value = node.get(member);
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) {
    throw fault(`"${member}" is an array of texts`, at);
  }
  return value as string[];
}

const fault = (reason: string, at: string): DataError =>
  new DataError(`Not a valid Avro schema: ${reason} (at ${at === '' ? 'the top' : at})`);
