/** Avro schemas by chance: valid, small, all kinds of types, recursive at times. */
import type { Random } from '../../support/random';

export interface Field {
  readonly name: string;
  readonly type: Schema;
  readonly default?: unknown;
  readonly aliases?: readonly string[];
}
export interface Named {
  readonly type: 'record' | 'enum' | 'fixed';
  readonly name: string;
  readonly namespace?: string;
  readonly aliases?: readonly string[];
  readonly fields?: readonly Field[];
  readonly symbols?: readonly string[];
  readonly default?: unknown;
  readonly size?: number;
}
export type Container =
  | { readonly type: 'array'; readonly items: Schema }
  | { readonly type: 'map'; readonly values: Schema };
export type Schema = string | readonly Schema[] | Named | Container;

export const PRIMITIVES = ['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'];
export const FIELDS = ['a', 'b', 'c', 'd'];
export const SYMBOLS = ['A', 'B', 'C', 'D'];

/** Makes a schema whose types have names of their own, numbered from the start, so that two of them have names in common. */
export class AvroMaker {
  readonly namespace: string;
  #count = 0;
  readonly #open: string[] = [];

  constructor(readonly random: Random) {
    this.namespace = random.chance(0.3) ? 'n' : '';
  }

  schema(depth: number): Schema {
    switch (this.random.below(depth > 0 ? 12 : 6)) {
      case 6:
        return { type: 'array', items: this.schema(depth - 1) };
      case 7:
        return { type: 'map', values: this.schema(depth - 1) };
      case 8:
        return this.union(depth - 1);
      case 9:
        return this.random.chance(0.5) ? this.enum() : this.fixed();
      case 10:
      case 11:
        return this.record(depth - 1);
      default:
        return this.random.pick(PRIMITIVES);
    }
  }

  union(depth: number): Schema {
    const branches = new Map<string, Schema>();
    for (let i = 0; i < 1 + this.random.below(3); i++) {
      const branch = this.schema(depth);
      if (!Array.isArray(branch)) branches.set(keyOf(branch), branch);
    }
    return branches.size === 0 ? ['null'] : [...branches.values()];
  }

  record(depth: number): Named {
    const name = this.#name('R');
    this.#open.push(name);
    const fields = FIELDS.filter(() => this.random.chance(0.6)).map((field) => this.field(field, depth));
    // A list, or a tree: the value has an end.
    if (this.random.chance(0.2)) fields.push({ name: 'next', type: ['null', this.random.pick(this.#open)] });
    if (this.random.chance(0.1))
      fields.push({ name: 'all', type: { type: 'array', items: this.random.pick(this.#open) } });
    this.#open.pop();
    return { type: 'record', name, fields };
  }

  /** The only one that says its namespace: those within have it too. */
  root = (): Named => ({ ...this.record(3), ...(this.namespace !== '' && { namespace: this.namespace }) });

  field(name: string, depth: number): Field {
    const type = this.schema(depth);
    return this.random.chance(0.3) ? withDefault({ name, type }) : { name, type };
  }

  enum(): Named {
    const symbols = SYMBOLS.filter(() => this.random.chance(0.6));
    if (symbols.length === 0) symbols.push('A');
    return { type: 'enum', name: this.#name('E'), symbols };
  }

  fixed = (): Named => ({ type: 'fixed', name: this.#name('F'), size: 1 + this.random.below(2) });

  #name = (kind: string): string => `${kind}${this.#count++}`;
}

export const keyOf = (schema: Schema): string => {
  if (typeof schema === 'string') return schema;
  if (Array.isArray(schema)) return 'union';
  const { type } = schema as Named | Container;
  return 'name' in schema ? schema.name : type;
};

const DEFAULTS: Readonly<Record<string, unknown>> = {
  null: null,
  boolean: true,
  int: 1,
  long: 2,
  float: 1.5,
  double: 2.5,
  bytes: 'b',
  string: 's',
  array: [],
  map: {},
};

/** With a default where one is easily told. */
export function withDefault({ name, type, aliases }: Field): Field {
  const first = Array.isArray(type) ? (type[0] as Schema) : (type as Schema);
  const kind = typeof first === 'string' ? first : (first as Named).type;
  const more = aliases === undefined ? {} : { aliases };
  if (kind === 'enum') return { name, type, default: (first as Named).symbols![0], ...more };
  return kind in DEFAULTS ? { name, type, default: DEFAULTS[kind], ...more } : { name, type, ...more };
}
