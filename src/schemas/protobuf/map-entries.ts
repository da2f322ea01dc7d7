/**
 * Maps that were written as what they are on the wire: descriptors, and text made from them, have a nested message with the
 * option `map_entry` and a repeated field of it.
 */
import {
  allFields,
  flagOf,
  type ProtoField,
  type ProtoFieldType,
  type ProtoFile,
  type ProtoMessage,
  type ProtoType,
} from './ast';

/** The file with such messages taken for maps; itself when there are none. */
export function foldMapEntries(file: ProtoFile): ProtoFile {
  const types = foldTypes(file.types);
  return types === file.types ? file : { ...file, types };
}

function foldTypes(types: readonly ProtoType[]): readonly ProtoType[] {
  const folded = types.map((type) => (type.kind === 'message' ? foldMessage(type) : type));
  return folded.some((type, i) => type !== types[i]) ? folded : types;
}

function foldMessage(message: ProtoMessage): ProtoMessage {
  const types = foldTypes(message.types);
  const entries = new Map<string, ProtoFieldType>();
  for (const type of types) {
    const map = type.kind === 'message' ? mapOf(type) : null;
    if (map !== null) entries.set(type.name, map);
  }
  if (entries.size === 0) return types === message.types ? message : { ...message, types };
  return {
    ...message,
    types: types.filter(({ name }) => !entries.has(name)),
    fields: message.fields.map((field) => foldField(field, entries)),
  };
}

function foldField(field: ProtoField, entries: ReadonlyMap<string, ProtoFieldType>): ProtoField {
  if (field.type.kind !== 'name' || field.label !== 'repeated') return field;
  const { name } = field.type;
  const map = entries.get(name.slice(name.lastIndexOf('.') + 1));
  return map === undefined ? field : { ...field, label: null, type: map };
}

/** Null for a message that is no map entry. */
function mapOf(message: ProtoMessage): ProtoFieldType | null {
  if (!flagOf(message.options, 'map_entry')) return null;
  const [key, value] = [1, 2].map((tag) => allFields(message).find((field) => field.tag === tag)?.type);
  return key?.kind === 'name' && value?.kind === 'name'
    ? { kind: 'map', key: key.name, value: value.name }
    : null;
}
