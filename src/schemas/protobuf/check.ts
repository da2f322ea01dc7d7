/** Whether the declarations of a file fit together, as for a new schema. What was stored once is not held to it. */
import { DataError } from '../../kernel';
import {
  allFields,
  flagOf,
  MAX_TAG,
  type ProtoEnum,
  type ProtoExtend,
  type ProtoField,
  type ProtoFile,
  type ProtoMessage,
  type ProtoReserved,
} from './ast';
import type { LinkedProto } from './link';

const MAP_KEYS = new Set(
  'int32 int64 uint32 uint64 sint32 sint64 fixed32 fixed64 sfixed32 sfixed64 bool string'.split(' '),
);
/** Kept for the implementation of Protocol Buffers. */
const IMPLEMENTATION = { from: 19_000, to: 19_999 };

/** Throws DataError that names the declaration. */
export function checkProto(linked: LinkedProto): void {
  for (const { fullName, type } of linked.own.values()) {
    if (type.kind === 'enum') checkEnum(type, fullName, isProto3(linked.file));
    else checkMessage(type, fullName, linked);
  }
  const scope = linked.file.package ?? '';
  for (const extend of linked.file.extends) checkExtend(extend, scope, linked);
  for (const service of linked.file.services) {
    for (const rpc of service.rpcs) {
      for (const name of [rpc.request, rpc.response]) requireMessage(name, scope, linked, `rpc ${rpc.name}`);
    }
  }
}

const isProto3 = ({ syntax }: ProtoFile): boolean => syntax === 'proto3';

function checkMessage(message: ProtoMessage, fullName: string, linked: LinkedProto): void {
  const fields = allFields(message);
  const names = [...fields.map(({ name }) => name), ...message.oneofs.map(({ name }) => name)];
  requireUnique(names, (name) => `${fullName} has two members called ${name}`);
  requireUnique(
    fields.map(({ tag }) => tag),
    (tag) => `${fullName} uses the field number ${tag} twice`,
  );
  const reserved = new Reserved(message.reserved);
  for (const field of fields) checkField(field, fullName, reserved, linked);
  for (const oneof of message.oneofs) checkOneof(oneof.name, oneof.fields, fullName);
  for (const extend of message.extends) checkExtend(extend, fullName, linked);
}

function checkField(field: ProtoField, fullName: string, reserved: Reserved, linked: LinkedProto): void {
  const place = `${fullName}.${field.name}`;
  if (field.tag >= IMPLEMENTATION.from && field.tag <= IMPLEMENTATION.to) {
    throw new DataError(`${place}: the numbers 19000 to 19999 are kept for Protocol Buffers itself`);
  }
  if (reserved.hasTag(field.tag)) throw new DataError(`${place}: the number ${field.tag} is reserved`);
  if (reserved.names.has(field.name)) throw new DataError(`${place}: the name is reserved`);
  if (isProto3(linked.file) && field.label === 'required') {
    throw new DataError(`${place}: proto3 has no required fields`);
  }
  checkFieldType(field, place, fullName, linked);
}

function checkFieldType(
  { type, label }: ProtoField,
  place: string,
  scope: string,
  linked: LinkedProto,
): void {
  if (type.kind === 'group') {
    if (isProto3(linked.file)) throw new DataError(`${place}: proto3 has no groups`);
  } else if (type.kind === 'name') linked.resolve(type.name, scope);
  else {
    if (!MAP_KEYS.has(type.key)) throw new DataError(`${place}: a map cannot have keys of type ${type.key}`);
    if (label !== null) throw new DataError(`${place}: a map has no label`);
    linked.resolve(type.value, scope);
  }
}

function checkOneof(name: string, fields: readonly ProtoField[], fullName: string): void {
  if (fields.length === 0) throw new DataError(`${fullName}.${name}: a oneof has at least one field`);
  const wrong = fields.find(({ label, type }) => label !== null || type.kind === 'map');
  if (wrong !== undefined)
    throw new DataError(`${fullName}.${wrong.name}: a field of a oneof has no label and is no map`);
}

function checkEnum({ constants, options }: ProtoEnum, fullName: string, proto3: boolean): void {
  if (constants.length === 0) throw new DataError(`${fullName}: an enum has at least one constant`);
  // Compilers want it first; normalised, it is sorted behind negative ones.
  if (proto3 && !constants.some(({ tag }) => tag === 0))
    throw new DataError(`${fullName}: the first constant of a proto3 enum is 0`);
  requireUnique(
    constants.map(({ name }) => name),
    (name) => `${fullName} has two constants called ${name}`,
  );
  if (flagOf(options, 'allow_alias')) return;
  requireUnique(
    constants.map(({ tag }) => tag),
    (tag) => `${fullName} uses the number ${tag} twice: set allow_alias, or use another`,
  );
}

function checkExtend({ name, fields }: ProtoExtend, scope: string, linked: LinkedProto): void {
  requireMessage(name, scope, linked, 'extend');
  for (const field of fields) checkFieldType(field, `extend ${name}, ${field.name}`, scope, linked);
}

function requireMessage(name: string, scope: string, linked: LinkedProto, place: string): void {
  const resolved = linked.resolve(name, scope);
  const found = resolved === null ? undefined : linked.find(resolved);
  if (found?.type.kind !== 'message') throw new DataError(`${place}: ${name} is not a message`);
}

/** Ranges sorted and joined, so that a message of many fields and many ranges is checked in good time. */
class Reserved {
  readonly names = new Set<string>();
  readonly #froms: number[] = [];
  readonly #tos: number[] = [];

  constructor(reserved: readonly ProtoReserved[]) {
    const ranges = [];
    for (const each of reserved.flat()) {
      if (typeof each === 'string') this.names.add(each);
      else ranges.push(each);
    }
    for (const { from, to } of ranges.sort((a, b) => a.from - b.from)) {
      const last = this.#tos.length - 1;
      if (last >= 0 && from <= this.#tos[last]!) this.#tos[last] = Math.max(to, this.#tos[last]!);
      else {
        this.#froms.push(from);
        this.#tos.push(Math.min(to, MAX_TAG));
      }
    }
  }

  hasTag(tag: number): boolean {
    let low = 0;
    let high = this.#froms.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#froms[middle]! <= tag) low = middle + 1;
      else high = middle;
    }
    return low > 0 && tag <= this.#tos[low - 1]!;
  }
}

function requireUnique<T>(values: readonly T[], problem: (value: T) => string): void {
  const seen = new Set<T>();
  for (const value of values) {
    if (seen.has(value)) throw new DataError(problem(value));
    seen.add(value);
  }
}
