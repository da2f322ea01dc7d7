/** What a field's type comes to once its name is resolved. */
import type { ProtoEnum, ProtoField, ProtoFieldType, ProtoMessage } from './ast';
import type { LinkedProto } from './link';

/** A message where it was declared: names in it are resolved by `home` within `fullName`. */
export interface MessageAt {
  readonly message: ProtoMessage;
  readonly fullName: string;
  readonly home: LinkedProto;
}

export type ResolvedType =
  | { readonly kind: 'scalar'; readonly name: string }
  | { readonly kind: 'enum'; readonly type: ProtoEnum; readonly fullName: string; readonly home: LinkedProto }
  | ({ readonly kind: 'message' } & MessageAt);

/** @param scope full name of the message around the field, or the package; a map is a message of key and value */
export function resolveType(type: ProtoFieldType, scope: string, home: LinkedProto): ResolvedType {
  if (type.kind === 'map') return { kind: 'message', message: entryOf(type), fullName: scope, home };
  if (type.kind === 'group') {
    return { kind: 'message', message: type.message, fullName: `${scope}.${type.message.name}`, home };
  }
  const fullName = home.resolve(type.name, scope);
  if (fullName === null) return { kind: 'scalar', name: type.name };
  const found = home.find(fullName)!;
  return found.type.kind === 'enum'
    ? { kind: 'enum', type: found.type, fullName, home: found.home }
    : { kind: 'message', message: found.type, fullName, home: found.home };
}

/** Key and value of a map as fields. */
export function entryOf({ key, value }: ProtoFieldType & { readonly kind: 'map' }): ProtoMessage {
  const member = (name: string, tag: number, type: string): ProtoField => ({
    label: null,
    type: { kind: 'name', name: type },
    name,
    tag,
    options: [],
  });
  return {
    kind: 'message',
    name: 'Entry',
    fields: [member('key', 1, key), member('value', 2, value)],
    oneofs: [],
    types: [],
    extends: [],
    options: [],
    reserved: [],
    extensions: [],
  };
}
