/** Messages by their name inside the file, without the package; tags are options of Confluent's `meta.proto`. */
import type {
  ProtoField,
  ProtoFile,
  ProtoMessage,
  ProtoOption,
  ProtoType,
  ProtoValue,
} from '../../schemas/protobuf/ast';
import { printProto } from '../../schemas/protobuf/print';
import { readProto } from '../../schemas/protobuf/schema-text';
import type { Entity, EntityKind, EntityLanguage, Retag } from './entity';

const IMPORT = 'confluent/meta.proto';
const META: Readonly<Record<EntityKind, string>> = {
  sr_record: '(confluent.message_meta)',
  sr_field: '(confluent.field_meta)',
};

export const protobufEntities: EntityLanguage = {
  list(text) {
    const entities: Entity[] = [];
    rewrite(readProto(text), (entity) => {
      entities.push(entity);
      return null;
    });
    return entities;
  },
  retag(text, change) {
    const file = readProto(text);
    const rewritten = rewrite(file, change);
    return printProto(rewritten === file ? file : withImport(rewritten));
  },
};

function rewrite(file: ProtoFile, change: Retag): ProtoFile {
  let changed = false;
  const noting: Retag = (entity) => {
    const tags = change(entity);
    changed ||= tags !== null;
    return tags;
  };
  const types = rewriteTypes(file.types, '', noting);
  return changed ? { ...file, types } : file;
}

const withImport = (file: ProtoFile): ProtoFile =>
  file.imports.some(({ path }) => path === IMPORT)
    ? file
    : { ...file, imports: [...file.imports, { path: IMPORT, kind: null }] };

const rewriteTypes = (types: readonly ProtoType[], scope: string, change: Retag): ProtoType[] =>
  types.map((type) => (type.kind === 'message' ? rewriteMessage(type, scope, change) : type));

function rewriteMessage(message: ProtoMessage, scope: string, change: Retag): ProtoMessage {
  const path = `${scope}${message.name}`;
  const options = retagged(message.options, { path, kind: 'sr_record', name: message.name }, false, change);
  const field = (each: ProtoField): ProtoField => ({
    ...each,
    options: retagged(
      each.options,
      { path: `${path}.${each.name}`, kind: 'sr_field', name: each.name },
      scope === '',
      change,
    ),
  });
  return {
    ...message,
    options,
    fields: message.fields.map(field),
    oneofs: message.oneofs.map((oneof) => ({ ...oneof, fields: oneof.fields.map(field) })),
    types: rewriteTypes(message.types, `${path}.`, change),
  };
}

function retagged(
  options: readonly ProtoOption[],
  entity: Pick<Entity, 'path' | 'kind' | 'name'>,
  isTopLevel: boolean,
  change: Retag,
): readonly ProtoOption[] {
  const meta = META[entity.kind];
  const tags = change({ ...entity, isTopLevel, tags: tagsOf(options, meta) });
  if (tags === null) return options;
  const others = options.flatMap((option) => withoutTags(option, meta));
  if (tags.length === 0) return others;
  const value: ProtoValue = { kind: 'list', items: tags.map((text) => ({ kind: 'string', text })) };
  return [...others, { name: `${meta}.tags`, value }];
}

/** Both spellings: `(meta).tags = "A"` and `(meta) = { tags: ["A"] }`. */
function tagsOf(options: readonly ProtoOption[], meta: string): string[] {
  return options.flatMap(({ name, value }) => {
    if (name === `${meta}.tags`) return texts(value);
    if (name !== meta || value.kind !== 'message') return [];
    return value.fields.filter((field) => field.name === 'tags').flatMap((field) => texts(field.value));
  });
}

function withoutTags(option: ProtoOption, meta: string): ProtoOption[] {
  if (option.name === `${meta}.tags`) return [];
  if (option.name !== meta || option.value.kind !== 'message') return [option];
  const fields = option.value.fields.filter(({ name }) => name !== 'tags');
  return fields.length === 0 ? [] : [{ name: meta, value: { kind: 'message', fields } }];
}

function texts(value: ProtoValue): string[] {
  if (value.kind === 'string') return [value.text];
  return value.kind === 'list' ? value.items.flatMap(texts) : [];
}
