/** The same file in one order: names made full, imports, options, fields and constants sorted, what goes without saying left out. */
import type {
  ProtoEnum,
  ProtoExtend,
  ProtoField,
  ProtoFieldType,
  ProtoFile,
  ProtoMessage,
  ProtoOption,
  ProtoType,
} from './ast';
import type { LinkedProto } from './link';

export function normalizeProto(linked: LinkedProto): ProtoFile {
  const { file } = linked;
  const scope = file.package ?? '';
  return {
    ...file,
    syntax: file.syntax ?? 'proto2',
    imports: sortedBy(file.imports, ({ path }) => path),
    options: sortedOptions(file.options),
    types: file.types.map((type) => normalType(type, scope, linked)),
    extends: file.extends.map((extend) => normalExtend(extend, scope, linked)),
    services: file.services.map((service) => ({
      ...service,
      options: sortedOptions(service.options),
      rpcs: service.rpcs.map((rpc) => ({
        ...rpc,
        options: sortedOptions(rpc.options),
        request: fullName(rpc.request, scope, linked),
        response: fullName(rpc.response, scope, linked),
      })),
    })),
  };
}

const normalType = (type: ProtoType, scope: string, linked: LinkedProto): ProtoType =>
  type.kind === 'enum' ? normalEnum(type) : normalMessage(type, scope, linked);

function normalMessage(message: ProtoMessage, scope: string, linked: LinkedProto): ProtoMessage {
  const inner = scope === '' ? message.name : `${scope}.${message.name}`;
  const fields = (all: readonly ProtoField[]) => normalFields(all, inner, linked);
  return {
    ...message,
    options: sortedOptions(message.options),
    fields: fields(message.fields),
    oneofs: sortedBy(message.oneofs, ({ fields: [first] }) => first!.tag).map((oneof) => ({
      ...oneof,
      options: sortedOptions(oneof.options),
      fields: fields(oneof.fields),
    })),
    types: message.types.map((type) => normalType(type, inner, linked)),
    extends: message.extends.map((extend) => normalExtend(extend, inner, linked)),
  };
}

const normalEnum = (type: ProtoEnum): ProtoEnum => ({
  ...type,
  options: sortedOptions(type.options),
  constants: sortedBy(type.constants, ({ tag }) => tag).map((constant) => ({
    ...constant,
    options: sortedOptions(constant.options),
  })),
});

const normalExtend = ({ name, fields }: ProtoExtend, scope: string, linked: LinkedProto): ProtoExtend => ({
  name: fullName(name, scope, linked),
  fields: normalFields(fields, scope, linked),
});

const normalFields = (fields: readonly ProtoField[], scope: string, linked: LinkedProto): ProtoField[] =>
  sortedBy(fields, ({ tag }) => tag).map((field) => ({
    ...field,
    type: normalFieldType(field.type, scope, linked),
    options: sortedOptions(field.options.filter((option) => !saysNothing(option, field.name))),
  }));

function normalFieldType(type: ProtoFieldType, scope: string, linked: LinkedProto): ProtoFieldType {
  switch (type.kind) {
    case 'name':
      return { ...type, name: fullName(type.name, scope, linked) };
    case 'map':
      return { ...type, value: fullName(type.value, scope, linked) };
    case 'group':
      return { ...type, message: normalMessage(type.message, scope, linked) };
  }
}

/** With a leading dot; scalars stay as they are. */
function fullName(name: string, scope: string, linked: LinkedProto): string {
  const resolved = linked.resolve(name, scope);
  return resolved === null ? name : `.${resolved}`;
}

/** A JSON name that is the usual one. */
const saysNothing = ({ name, value }: ProtoOption, field: string): boolean =>
  name === 'json_name' && value.kind === 'string' && value.text === jsonName(field);

/** `first_name` → `firstName` */
const jsonName = (field: string): string =>
  field.replace(/_+(.?)/g, (_match, next: string) => next.toUpperCase());

const sortedOptions = (options: readonly ProtoOption[]): ProtoOption[] =>
  sortedBy(options, ({ name }) => name);

/** Stable: what is equal keeps its order. */
function sortedBy<T>(items: readonly T[], key: (item: T) => string | number): T[] {
  return [...items].sort((a, b) => {
    const [left, right] = [key(a), key(b)];
    return left < right ? -1 : left > right ? 1 : 0;
  });
}
