/**
 * The same file in one order: names made full, imports, options, reserved ranges, fields and constants sorted, what goes without
 * saying left out. The order of types stays: records name a message by its place in the file.
 */
import {
  inScope,
  jsonName,
  MAX_TAG,
  type ProtoEnum,
  type ProtoExtend,
  type ProtoExtensions,
  type ProtoField,
  type ProtoFieldType,
  type ProtoFile,
  type ProtoMessage,
  type ProtoOption,
  type ProtoReserved,
  type ProtoService,
  type ProtoType,
  type ProtoValue,
} from './ast';
import type { LinkedProto } from './link';

/** Throws DataError for a type that is not known. */
export const normalizeProto = (linked: LinkedProto): ProtoFile => new Normalizer(linked).file();

class Normalizer {
  constructor(readonly linked: LinkedProto) {}

  file(): ProtoFile {
    const { file } = this.linked;
    const scope = file.package ?? '';
    return {
      ...file,
      syntax: file.syntax === 'proto2' ? null : file.syntax,
      imports: sortedBy(uniqueBy(file.imports, importKey), ({ path }) => path),
      options: this.#options(file.options, scope),
      types: file.types.map((type) => this.#type(type, scope)),
      extends: this.#extends(file.extends, scope),
      services: file.services.map((service) => this.#service(service, scope)),
    };
  }

  #type(type: ProtoType, scope: string): ProtoType {
    return type.kind === 'enum' ? this.#enum(type, scope) : this.#message(type, scope);
  }

  #message(message: ProtoMessage, scope: string): ProtoMessage {
    const inner = inScope(scope, message.name);
    return {
      ...message,
      options: this.#options(message.options, inner),
      fields: this.#fields(message.fields, inner),
      oneofs: sortedBy(
        message.oneofs
          .filter(({ fields }) => fields.length > 0)
          .map((oneof) => ({
            ...oneof,
            options: this.#options(oneof.options, inner),
            fields: this.#fields(oneof.fields, inner),
          })),
        ({ fields: [first] }) => first!.tag,
      ),
      types: message.types.map((type) => this.#type(type, inner)),
      extends: this.#extends(message.extends, inner),
      reserved: oneByOne(message.reserved),
      extensions: sortedBy(
        message.extensions.flatMap((each) => this.#ranges(each, inner)),
        ({ ranges: [first] }) => first!.from,
      ),
    };
  }

  #ranges({ ranges, options }: ProtoExtensions, scope: string): ProtoExtensions[] {
    return ranges.map((range) => ({ ranges: [range], options: this.#options(options, scope) }));
  }

  #enum(type: ProtoEnum, scope: string): ProtoEnum {
    const constants = sortedBy(type.constants, ({ name }) => name).map((constant) => ({
      ...constant,
      options: this.#options(constant.options, scope),
    }));
    return {
      ...type,
      options: this.#options(type.options, scope),
      constants: sortedBy(constants, ({ tag }) => tag),
      reserved: oneByOne(type.reserved),
    };
  }

  /** One block for each extended message. */
  #extends(extensions: readonly ProtoExtend[], scope: string): ProtoExtend[] {
    const byName = new Map<string, ProtoField[]>();
    for (const { name, fields } of extensions) {
      const fullName = this.#fullName(name, scope);
      const known = byName.get(fullName);
      if (known === undefined) byName.set(fullName, [...fields]);
      else for (const field of fields) known.push(field);
    }
    return [...byName].map(([name, fields]) => ({ name, fields: this.#fields(fields, scope) }));
  }

  #fields(fields: readonly ProtoField[], scope: string): ProtoField[] {
    return sortedBy(fields, ({ tag }) => tag).map((field) => ({
      ...field,
      type: this.#fieldType(field.type, scope),
      options: this.#options(
        field.options.filter((option) => !saysNothing(option, field.name)),
        scope,
      ),
    }));
  }

  #fieldType(type: ProtoFieldType, scope: string): ProtoFieldType {
    switch (type.kind) {
      case 'name':
        return { ...type, name: this.#fullName(type.name, scope) };
      case 'map':
        return { ...type, value: this.#fullName(type.value, scope) };
      case 'group':
        return { ...type, message: this.#message(type.message, scope) };
    }
  }

  #service(service: ProtoService, scope: string): ProtoService {
    return {
      ...service,
      options: this.#options(service.options, scope),
      rpcs: service.rpcs.map((rpc) => ({
        ...rpc,
        options: this.#options(rpc.options, scope),
        request: this.#fullName(rpc.request, scope),
        response: this.#fullName(rpc.response, scope),
      })),
    };
  }

  /** With a leading dot; scalars stay as they are. */
  #fullName(name: string, scope: string): string {
    const resolved = this.linked.resolve(name, scope);
    return resolved === null ? name : `.${resolved}`;
  }

  #options(options: readonly ProtoOption[], scope: string): ProtoOption[] {
    if (options.length === 0) return [];
    const named = options.map(({ name, value }) => ({
      name: this.#optionName(name, scope),
      value: normalValue(value),
    }));
    return sortedBy(named, ({ name }) => name.replace(/[()]/g, ''));
  }

  /** Extensions by their full name. */
  #optionName(name: string, scope: string): string {
    return name.replace(/\(([^)]*)\)/g, (whole, inner: string) => {
      const found = this.linked.resolveExtension(inner, scope);
      return found === undefined ? whole : `(${found.fullName})`;
    });
  }
}

const importKey = ({ path, kind }: ProtoFile['imports'][number]): string => `${kind} ${path}`;

/** A JSON name that is the usual one. */
const saysNothing = ({ name, value }: ProtoOption, field: string): boolean =>
  name === 'json_name' && value.kind === 'string' && value.text === jsonName(field);

/** Members sorted; a list of one is the one, a list of none is not written. */
function normalValue(value: ProtoValue): ProtoValue {
  if (value.kind === 'message') {
    const fields = value.fields.filter(({ value: inner }) => inner.kind !== 'list' || inner.items.length > 0);
    const normal = fields.map(({ name, value: inner }) => ({ name, value: normalValue(inner) }));
    return { kind: 'message', fields: sortedBy(normal, ({ name }) => name) };
  }
  if (value.kind !== 'list') return value;
  const items = value.items.map(normalValue);
  return items.length === 1 ? items[0]! : { kind: 'list', items };
}

/** A statement for each range and name: ranges first, by number, then names. */
function oneByOne(reserved: readonly ProtoReserved[]): ProtoReserved[] {
  const items = reserved.flat();
  const names = items.filter((each) => typeof each === 'string');
  const ranges = items.filter((each) => typeof each !== 'string');
  return [...sortedBy(ranges, ({ from }) => Math.min(from, MAX_TAG)), ...sortedBy(names, (name) => name)].map(
    (each) => [each],
  );
}

function uniqueBy<T>(items: readonly T[], key: (item: T) => string): T[] {
  return [...new Map(items.map((item) => [key(item), item])).values()];
}

/** Stable: what is equal keeps its order. */
function sortedBy<T>(items: readonly T[], key: (item: T) => string | number): T[] {
  return [...items].sort((a, b) => {
    const [left, right] = [key(a), key(b)];
    return left < right ? -1 : left > right ? 1 : 0;
  });
}
