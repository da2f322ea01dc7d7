import { ConfigDef, type Schema, Struct } from '../kernel';
import { basicsOf, deriveStruct, NULLS_TO_DEFAULTS, NULLS_TO_DEFAULTS_KEY, readFields } from './fields';
import { bothSides, perSchema, perShape, setMember } from './side';

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
    validator: (value) => {
      const wrong = (value as readonly string[]).find((pair) => !/^[^:]+:[^:]+$/.test(pair));
      return wrong === undefined ? null : `Invalid rename mapping: ${wrong} (each must be old:new)`;
    },
  },
  NULLS_TO_DEFAULTS_KEY,
]);

export const replaceField = bothSides({
  java: 'ReplaceField',
  summary: 'Filters and renames fields.',
  config,
  create(config, side) {
    const exclude = new Set(config.list('exclude'));
    const include = new Set(config.list('include'));
    const renames = new Map(config.list('renames').map((pair) => pair.split(':') as [string, string]));
    const nullsToDefaults = config.boolean(NULLS_TO_DEFAULTS);
    const keeps = (name: string): boolean => !exclude.has(name) && (include.size === 0 || include.has(name));
    const plan = perSchema((schema: Schema) => {
      const kept = schema.fields.filter((field) => keeps(field.name));
      const renamed = kept.map((field) => [renames.get(field.name) ?? field.name, field.schema] as const);
      return { schema: deriveStruct(renamed, basicsOf(schema)), kept };
    });
    return perShape(side, PURPOSE, {
      struct(value) {
        const { schema, kept } = plan(value.schema);
        return new Struct(schema, readFields(value, kept, nullsToDefaults));
      },
      map(value) {
        const changed: Record<string, unknown> = {};
        for (const name of Object.keys(value)) {
          if (keeps(name)) setMember(changed, renames.get(name) ?? name, value[name]);
        }
        return changed;
      },
    });
  },
});
