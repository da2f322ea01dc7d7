/** A schema without what compilers of other languages may not know: extensions, and options that are extensions. */
import type { ProtoEnum, ProtoField, ProtoFile, ProtoMessage, ProtoOption, ProtoType } from './ast';

/** Confluent's own options stay. */
export const withoutExtensions = (file: ProtoFile): ProtoFile => ({
  ...file,
  options: plain(file.options),
  types: file.types.map(plainType),
  extends: [],
  services: file.services.map((service) => ({
    ...service,
    options: plain(service.options),
    rpcs: service.rpcs.map((rpc) => ({ ...rpc, options: plain(rpc.options) })),
  })),
});

const plain = (options: readonly ProtoOption[]): ProtoOption[] =>
  options.filter(({ name }) => !name.startsWith('(') || name.startsWith('(confluent.'));

const plainType = (type: ProtoType): ProtoType =>
  type.kind === 'message' ? plainMessage(type) : plainEnum(type);

const plainMessage = (message: ProtoMessage): ProtoMessage => ({
  ...message,
  options: plain(message.options),
  fields: message.fields.map(plainField),
  oneofs: message.oneofs.map((oneof) => ({
    ...oneof,
    options: plain(oneof.options),
    fields: oneof.fields.map(plainField),
  })),
  types: message.types.map(plainType),
  extends: [],
  extensions: [],
});

const plainField = (field: ProtoField): ProtoField => ({
  ...field,
  options: plain(field.options),
  type:
    field.type.kind === 'group' ? { ...field.type, message: plainMessage(field.type.message) } : field.type,
});

const plainEnum = (type: ProtoEnum): ProtoEnum => ({
  ...type,
  options: plain(type.options),
  constants: type.constants.map((constant) => ({ ...constant, options: plain(constant.options) })),
});
