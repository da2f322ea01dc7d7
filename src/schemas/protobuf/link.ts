/** Names made definite: which message or enum each field means, over imports, and whether the declarations fit together. */
import { DataError } from '../../kernel';
import {
  isScalar,
  MAX_TAG,
  type ProtoEnum,
  type ProtoExtend,
  type ProtoField,
  type ProtoFile,
  type ProtoMessage,
  type ProtoReserved,
  type ProtoType,
} from './ast';

/** A file with the path it is imported by. */
export interface NamedFile {
  readonly path: string;
  readonly file: ProtoFile;
}

export interface Declared {
  /** Without leading dot: `com.acme.Order.Line` */
  readonly fullName: string;
  readonly type: ProtoType;
  readonly file: ProtoFile;
}

export interface LinkedProto {
  readonly file: ProtoFile;
  /** Messages and enums of the file itself, by full name, in the order of the file, nested ones after their parent. */
  readonly own: ReadonlyMap<string, Declared>;
  /** Full name of the type that a name means within a message (full name) or the file (empty); null for scalars. */
  resolve(name: string, scope: string): string | null;
  /** Own, imported or built in. */
  find(fullName: string): Declared | undefined;
}

const MAP_KEYS = new Set(
  'int32 int64 uint32 uint64 sint32 sint64 fixed32 fixed64 sfixed32 sfixed64 bool string'.split(' '),
);
/** Kept for the implementation of Protocol Buffers. */
const IMPLEMENTATION = { from: 19_000, to: 19_999 };

/**
 * @param files those that are imported, directly or not; what is missing among them is an error
 * @throws DataError that names the declaration
 */
export function linkProto(file: ProtoFile, files: readonly NamedFile[]): LinkedProto {
  const byPath = new Map(files.map((named) => [named.path, named.file]));
  const known = new Map<string, Declared>();
  for (const visible of importsOf(file, byPath)) declareAll(visible, known);
  const own = new Map<string, Declared>();
  declareAll(file, own);
  for (const [name, declared] of own) {
    if (known.has(name)) throw new DataError(`${name} is declared in an imported file, too`);
    known.set(name, declared);
  }
  const packages = packagesOf([file, ...byPath.values()]);
  const linked: LinkedProto = {
    file,
    own,
    find: (fullName) => known.get(fullName),
    resolve: (name, scope) =>
      isScalar(name) ? null : resolveName(name, scope, file.package ?? '', known, packages),
  };
  checkFile(linked);
  return linked;
}

/** Imported files, and what these import publicly. */
function importsOf(file: ProtoFile, byPath: ReadonlyMap<string, ProtoFile>): Set<ProtoFile> {
  const visible = new Set<ProtoFile>();
  const visit = (from: ProtoFile, onlyPublic: boolean) => {
    for (const { path, kind } of from.imports) {
      if (onlyPublic && kind !== 'public') continue;
      const imported = byPath.get(path);
      if (imported === undefined) {
        throw new DataError(`the import "${path}" is not among the references: add one of that name`);
      }
      if (visible.has(imported)) continue;
      visible.add(imported);
      visit(imported, true);
    }
  };
  visit(file, false);
  return visible;
}

function declareAll(file: ProtoFile, into: Map<string, Declared>): void {
  const declare = (type: ProtoType, scope: string) => {
    const fullName = joined(scope, type.name);
    if (into.has(fullName)) throw new DataError(`${fullName} is declared twice`);
    into.set(fullName, { fullName, type, file });
    if (type.kind === 'enum') return;
    for (const inner of type.types) declare(inner, fullName);
    for (const group of groupsOf(type)) declare(group, fullName);
  };
  const scope = file.package ?? '';
  for (const type of file.types) declare(type, scope);
}

const allFields = (message: ProtoMessage): ProtoField[] => [
  ...message.fields,
  ...message.oneofs.flatMap(({ fields }) => fields),
];

const groupsOf = (message: ProtoMessage): ProtoMessage[] =>
  allFields(message).flatMap(({ type }) => (type.kind === 'group' ? [type.message] : []));

const joined = (scope: string, name: string): string => (scope === '' ? name : `${scope}.${name}`);

/** Every prefix of every package: `a`, `a.b`. */
function packagesOf(files: readonly ProtoFile[]): Set<string> {
  const packages = new Set<string>();
  for (const { package: name } of files) {
    for (let at = name ?? ''; at !== ''; at = at.slice(0, Math.max(0, at.lastIndexOf('.')))) packages.add(at);
  }
  return packages;
}

/** The innermost scope that knows the first part of the name decides, as in C++. */
function resolveName(
  name: string,
  scope: string,
  packageName: string,
  known: ReadonlyMap<string, Declared>,
  packages: ReadonlySet<string>,
): string {
  if (name.startsWith('.')) {
    if (known.has(name.slice(1))) return name.slice(1);
    throw unknownType(name, scope);
  }
  const first = name.split('.', 1)[0]!;
  for (let at: string | null = scope === '' ? packageName : scope; at !== null; at = outer(at)) {
    const begin = joined(at, first);
    const isKnown = known.has(begin) || (first !== name && packages.has(begin));
    if (isKnown && known.has(joined(at, name))) return joined(at, name);
  }
  throw unknownType(name, scope);
}

function outer(scope: string): string | null {
  if (scope === '') return null;
  return scope.slice(0, Math.max(0, scope.lastIndexOf('.')));
}

const unknownType = (name: string, scope: string): DataError =>
  new DataError(
    `${scope === '' ? 'the file' : scope} uses ${name}, which is no known type: declare or import it`,
  );

function checkFile(linked: LinkedProto): void {
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
  for (const field of fields) checkField(field, fullName, message, linked);
  for (const oneof of message.oneofs) checkOneof(oneof.name, oneof.fields, fullName);
  for (const extend of message.extends) checkExtend(extend, fullName, linked);
}

function checkField(field: ProtoField, fullName: string, message: ProtoMessage, linked: LinkedProto): void {
  const place = `${fullName}.${field.name}`;
  if (field.tag >= IMPLEMENTATION.from && field.tag <= IMPLEMENTATION.to) {
    throw new DataError(`${place}: the numbers 19000 to 19999 are kept for Protocol Buffers itself`);
  }
  if (isReserved(message.reserved, field.tag))
    throw new DataError(`${place}: the number ${field.tag} is reserved`);
  if (isReserved(message.reserved, field.name)) throw new DataError(`${place}: the name is reserved`);
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
  if (proto3 && constants[0]!.tag !== 0)
    throw new DataError(`${fullName}: the first constant of a proto3 enum is 0`);
  requireUnique(
    constants.map(({ name }) => name),
    (name) => `${fullName} has two constants called ${name}`,
  );
  const aliases = options.some(
    ({ name, value }) => name === 'allow_alias' && value.kind === 'word' && value.text === 'true',
  );
  if (aliases) return;
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

const isReserved = (reserved: readonly ProtoReserved[], wanted: number | string): boolean =>
  reserved
    .flat()
    .some((each) =>
      typeof each === 'string' || typeof wanted === 'string'
        ? each === wanted
        : each.from <= wanted && wanted <= Math.min(each.to, MAX_TAG),
    );

function requireUnique<T>(values: readonly T[], problem: (value: T) => string): void {
  const seen = new Set<T>();
  for (const value of values) {
    if (seen.has(value)) throw new DataError(problem(value));
    seen.add(value);
  }
}
