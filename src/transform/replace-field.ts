import { ConfigDef, type Schema, Struct, struct } from '../kernel';
import { bothSides, perSchema, requireMap } from './side';

const PURPOSE = 'field replacement';

const config = new ConfigDef([
  {
    name: 'exclude',
    type: 'LIST',
    default: [],
    importance: 'MEDIUM',
    doc: 'Fields to leave out; wins over include.',
  },
  {
    name: 'include',
    type: 'LIST',
    default: [],
    importance: 'MEDIUM',
    doc: 'Fields to keep; all when empty.',
  },
  {
    name: 'renames',
    type: 'LIST',
    default: [],
    importance: 'MEDIUM',
    doc: 'Renames as old:new, after include and exclude.',
    example: 'ts:timestamp,val:value',
    validator: (value) =>
      (value as readonly string[]).every((pair) => pair.split(':').length === 2)
        ? null
        : 'Invalid rename mapping: each must be old:new',
  },
  {
    name: 'replace.null.with.default',
    type: 'BOOLEAN',
    default: true,
    importance: 'MEDIUM',
    doc: 'Whether null in a field with a default is read as that default.',
  },
]);

export const replaceField = bothSides({
  java: 'ReplaceField',
  summary: 'Filters and renames fields.',
  config,
  create(config, side) {
    const exclude = new Set(config.list('exclude'));
    const include = new Set(config.list('include'));
    const renames = new Map(config.list('renames').map((pair) => pair.split(':') as [string, string]));
    const nullsToDefaults = config.boolean('replace.null.with.default');
    const keeps = (name: string): boolean => !exclude.has(name) && (include.size === 0 || include.has(name));
    const renamed = (name: string): string => renames.get(name) ?? name;
    const plan = perSchema((schema: Schema) => {
      const kept = schema.fields.filter((field) => keeps(field.name));
      return {
        schema: struct(
          kept.map((field) => [renamed(field.name), field.schema] as const),
          schema.options(),
        ),
        kept,
      };
    });
    return (record) => {
      const current = side.value(record);
      if (current === null || current === undefined) return record;
      if (current instanceof Struct) {
        const { schema, kept } = plan(current.schema);
        const values = kept.map(({ index, schema: { defaultValue } }) => {
          const value = current.values[index] ?? null;
          return value === null && nullsToDefaults && defaultValue !== undefined ? defaultValue : value;
        });
        return side.with(record, schema, new Struct(schema, values));
      }
      const entries = Object.entries(requireMap(current, PURPOSE)).filter(([name]) => keeps(name));
      return side.with(
        record,
        null,
        Object.fromEntries(entries.map(([name, value]) => [renamed(name), value])),
      );
    };
  },
});
