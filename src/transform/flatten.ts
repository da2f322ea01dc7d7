import { ConfigDef, DataError, Schema, Struct } from '../kernel';
import { basicsOf, deriveStruct } from './fields';
import { bothSides, isMap, type MapValue, perSchema, perShape, requireMap, setMember } from './side';

const PURPOSE = 'flattening';

const config = new ConfigDef([
  {
    name: 'delimiter',
    type: 'STRING',
    default: '.',
    importance: 'MEDIUM',
    doc: 'What stands between the names of the levels in a flat name.',
  },
]);

/** Where a flat field comes from: the index at every level. */
interface Leaf {
  readonly name: string;
  readonly path: readonly number[];
  readonly schema: Schema;
  /** Of the field it comes from; that of the flat one may be inherited. */
  readonly defaultValue: unknown;
}

/** What a level hands down to the fields in it. */
interface Level {
  readonly prefix: string;
  readonly path: readonly number[];
  readonly optional: boolean;
  readonly defaults: Struct | null;
}

const TOP: Level = { prefix: '', path: [], optional: false, defaults: null };

export const flatten = bothSides({
  java: 'Flatten',
  summary: 'Makes nested structs or maps flat: their fields get the names on the way joined. Arrays stay.',
  config,
  create(config, side) {
    const delimiter = config.string('delimiter');
    const plan = perSchema((schema: Schema) => {
      const { optional, defaultValue } = schema;
      const leaves: Leaf[] = [];
      addLeaves(schema, { ...TOP, optional, defaults: asStruct(defaultValue) }, delimiter, leaves);
      const fields = leaves.map((leaf) => [leaf.name, leaf.schema] as const);
      return { schema: deriveStruct(fields, basicsOf(schema)), leaves };
    });
    return perShape(side, PURPOSE, {
      struct(value) {
        const { schema, leaves } = plan(value.schema);
        const values: unknown[] = new Array(leaves.length);
        for (let i = 0; i < leaves.length; i++) values[i] = readLeaf(value, leaves[i]!);
        return new Struct(schema, values);
      },
      map(value) {
        const flat: Record<string, unknown> = {};
        addMembers(value, '', delimiter, flat);
        return flat;
      },
    });
  },
});

const asStruct = (value: unknown): Struct | null => (value instanceof Struct ? value : null);

/** A flat field is optional when any level above it is, and takes its default from the nearest level that has one. */
function addLeaves(schema: Schema, level: Level, delimiter: string, leaves: Leaf[]): void {
  for (const { name, index, schema: field } of schema.fields) {
    const flat = level.prefix === '' ? name : level.prefix + delimiter + name;
    const optional = level.optional || field.optional;
    const path = [...level.path, index];
    const inherited = field.defaultValue ?? level.defaults?.values[index] ?? null;
    if (field.type === 'struct') {
      addLeaves(field, { prefix: flat, path, optional, defaults: asStruct(inherited) }, delimiter, leaves);
    } else if (field.type === 'map') {
      throw new DataError(`Flatten does not support maps in records with a schema (field ${flat})`);
    } else {
      leaves.push({
        name: flat,
        path,
        schema: flatSchema(field, optional, inherited),
        defaultValue: field.defaultValue ?? null,
      });
    }
  }
}

const flatSchema = (schema: Schema, optional: boolean, inherited: unknown): Schema =>
  new Schema(
    schema.type,
    { ...basicsOf(schema), optional, default: inherited === null ? undefined : inherited },
    schema.valueSchema,
  );

/** Null below a level that is null: the inherited default is a matter of those who read the flat field. */
function readLeaf(from: Struct, { path, defaultValue }: Leaf): unknown {
  let current: unknown = from;
  for (let i = 0; i < path.length; i++) {
    if (current === null || current === undefined) return null;
    current = (current as Struct).values[path[i]!];
  }
  return current ?? defaultValue;
}

function addMembers(from: MapValue, prefix: string, delimiter: string, into: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(from)) {
    const flat = prefix === '' ? name : prefix + delimiter + name;
    if (value instanceof Struct)
      throw new DataError(`Flatten found a struct without a schema in field ${flat}`);
    if (value instanceof Map || isMap(value)) addMembers(requireMap(value, PURPOSE), flat, delimiter, into);
    else setMember(into, flat, value ?? null);
  }
}
