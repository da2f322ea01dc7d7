/**
 * Whether messages written with one Protobuf schema can be read with another: messages by full name, fields by number. The
 * wire format forgives much; what it does not forgive is listed in PROBLEMS.
 */
import type { ProtoField, ProtoFieldType, ProtoMessage } from '../../schemas/protobuf/ast';
import { isScalar } from '../../schemas/protobuf/ast';
import type { LinkedProto } from '../../schemas/protobuf/link';

export type ProtoProblemKind =
  | 'PACKAGE_CHANGED'
  | 'MESSAGE_REMOVED'
  | 'FIELD_KIND_CHANGED'
  | 'FIELD_SCALAR_KIND_CHANGED'
  | 'FIELD_NAMED_TYPE_CHANGED'
  | 'FIELD_NUMERIC_LABEL_CHANGED'
  | 'REQUIRED_FIELD_ADDED'
  | 'REQUIRED_FIELD_REMOVED'
  | 'ONEOF_FIELD_REMOVED'
  | 'MULTIPLE_FIELDS_MOVED_TO_ONEOF'
  | 'CHECK_TOO_COMPLEX';

export interface ProtoProblem {
  readonly kind: ProtoProblemKind;
  /** `#/com.acme.Order/3`: message and field number, or oneof name. */
  readonly location: string;
  readonly reader: string;
  readonly writer: string;
}

/** Fields and messages that are looked at before a check is given up. */
const MAX_STEPS = 200_000;
/** More are of no use to a reader. */
const MAX_PROBLEMS = 50;

/** Nothing when `reader` can read all that `writer` writes. */
export function checkProto(
  reader: LinkedProto,
  writer: LinkedProto,
  maxSteps = MAX_STEPS,
): readonly ProtoProblem[] {
  const check = new Check(reader, writer, maxSteps);
  return check.run();
}

class Check {
  readonly #problems: ProtoProblem[] = [];
  /** Pairs of full names that were compared or are being compared: a cycle ends here. */
  readonly #seen = new Set<string>();

  constructor(
    readonly reader: LinkedProto,
    readonly writer: LinkedProto,
    private stepsLeft: number,
  ) {}

  run(): readonly ProtoProblem[] {
    const [read, written] = [this.reader.file.package ?? '', this.writer.file.package ?? ''];
    if (read !== written) {
      this.#add('PACKAGE_CHANGED', '#', `package ${read}`, `package ${written}`);
      return this.#problems;
    }
    for (const { fullName, type } of this.writer.own.values()) {
      if (type.kind !== 'message') continue;
      const counterpart = this.reader.own.get(fullName)?.type;
      if (counterpart === undefined)
        this.#add('MESSAGE_REMOVED', `#/${fullName}`, 'nothing', `message ${fullName}`);
      else if (counterpart.kind === 'message') this.#messages(counterpart, fullName, type, fullName);
    }
    if (this.stepsLeft < 0) {
      return [{ kind: 'CHECK_TOO_COMPLEX', location: '#', reader: 'the schema', writer: 'the schema' }];
    }
    return this.#problems;
  }

  #messages(reader: ProtoMessage, readerName: string, writer: ProtoMessage, writerName: string): void {
    const pair = `${readerName} ${writerName}`;
    if (this.#seen.has(pair) || --this.stepsLeft < 0) return;
    this.#seen.add(pair);
    const read = fieldsByTag(reader);
    const written = fieldsByTag(writer);
    for (const [tag, field] of written) this.#field(read.get(tag), readerName, field, writerName);
    for (const [tag, { field }] of read) {
      if (field.label === 'required' && written.get(tag)?.field.label !== 'required')
        this.#add('REQUIRED_FIELD_ADDED', at(readerName, tag), text(field), textOf(written.get(tag)));
    }
    this.#oneofs(reader, readerName, read, writer, written);
  }

  #field(reader: Member | undefined, readerName: string, writer: Member, writerName: string): void {
    this.stepsLeft--;
    const location = at(readerName, writer.field.tag);
    if (writer.field.label === 'required' && reader?.field.label !== 'required')
      this.#add('REQUIRED_FIELD_REMOVED', location, textOf(reader), text(writer.field));
    if (reader === undefined) return;
    const kind = this.#types(reader.field.type, readerName, writer.field.type, writerName);
    if (kind !== null) this.#add(kind, location, text(reader.field), text(writer.field));
    else if (this.#labelBreaks(reader.field, readerName, writer.field))
      this.#add('FIELD_NUMERIC_LABEL_CHANGED', location, text(reader.field), text(writer.field));
  }

  /** Packed and single numbers are written differently; an absent label says nothing. */
  #labelBreaks(reader: ProtoField, scope: string, writer: ProtoField): boolean {
    if (reader.label === null || writer.label === null || reader.label === writer.label) return false;
    const group = this.#scalarGroup(this.reader, reader.type, scope);
    return (
      group !== null && group !== 'string' && (reader.label === 'repeated' || writer.label === 'repeated')
    );
  }

  #types(
    reader: ProtoFieldType,
    readerScope: string,
    writer: ProtoFieldType,
    writerScope: string,
  ): ProtoProblemKind | null {
    if (reader.kind === 'map' && writer.kind === 'map') {
      const [read, written] = [name(reader.key), name(writer.key)];
      return (
        this.#types(read, readerScope, written, writerScope) ??
        this.#types(name(reader.value), readerScope, name(writer.value), writerScope)
      );
    }
    if (reader.kind === 'map' || writer.kind === 'map') return 'FIELD_KIND_CHANGED';
    const [read, written] = [
      this.#scalarGroup(this.reader, reader, readerScope),
      this.#scalarGroup(this.writer, writer, writerScope),
    ];
    if ((read === null) !== (written === null)) return 'FIELD_KIND_CHANGED';
    if (read !== null) return read === written ? null : 'FIELD_SCALAR_KIND_CHANGED';
    return this.#named(reader, readerScope, writer, writerScope);
  }

  #named(
    reader: ProtoFieldType,
    readerScope: string,
    writer: ProtoFieldType,
    writerScope: string,
  ): ProtoProblemKind | null {
    const read = messageOf(this.reader, reader, readerScope);
    const written = messageOf(this.writer, writer, writerScope);
    if (read === null || written === null) return null;
    if (simpleName(read.fullName, this.reader) !== simpleName(written.fullName, this.writer))
      return 'FIELD_NAMED_TYPE_CHANGED';
    // What is declared in the file is compared by itself; here go types that come from references.
    this.#messages(read.message, read.fullName, written.message, written.fullName);
    return null;
  }

  /** Scalars of one group read each other; an enum is a number. Null: a message. */
  #scalarGroup(linked: LinkedProto, type: ProtoFieldType, scope: string): string | null {
    if (type.kind !== 'name') return null;
    if (isScalar(type.name)) return GROUPS[type.name]!;
    const resolved = linked.resolve(type.name, scope);
    return resolved !== null && linked.find(resolved)?.type.kind === 'enum' ? 'varint' : null;
  }

  #oneofs(
    reader: ProtoMessage,
    readerName: string,
    read: ReadonlyMap<number, Member>,
    writer: ProtoMessage,
    written: ReadonlyMap<number, Member>,
  ): void {
    const survivors = new Set(reader.oneofs.map((oneof) => oneof.name));
    for (const oneof of writer.oneofs) {
      if (!survivors.has(oneof.name)) continue;
      for (const field of oneof.fields) {
        if (!read.has(field.tag))
          this.#add('ONEOF_FIELD_REMOVED', `#/${readerName}/${oneof.name}`, 'nothing', text(field));
      }
    }
    const before = new Set(writer.oneofs.map((oneof) => oneof.name));
    for (const oneof of reader.oneofs) {
      const origins = oneof.fields.flatMap(({ tag }) => {
        const old = written.get(tag);
        return old === undefined ? [] : [old.oneof ?? `field ${tag}`];
      });
      const distinct = new Set(before.has(oneof.name) ? [oneof.name, ...origins] : origins);
      if (distinct.size > 1) {
        const fields = oneof.fields.map(({ name: each }) => each).join(', ');
        this.#add(
          'MULTIPLE_FIELDS_MOVED_TO_ONEOF',
          `#/${readerName}/${oneof.name}`,
          `oneof of ${fields}`,
          [...distinct].join(', '),
        );
      }
    }
  }

  #add(kind: ProtoProblemKind, location: string, reader: string, writer: string): void {
    if (this.#problems.length < MAX_PROBLEMS) this.#problems.push({ kind, location, reader, writer });
  }
}

interface Member {
  readonly field: ProtoField;
  /** Null: of no oneof. */
  readonly oneof: string | null;
}

function fieldsByTag(message: ProtoMessage): Map<number, Member> {
  const members = new Map<number, Member>();
  for (const field of message.fields) members.set(field.tag, { field, oneof: null });
  for (const oneof of message.oneofs) {
    for (const field of oneof.fields) members.set(field.tag, { field, oneof: oneof.name });
  }
  return members;
}

const GROUPS: Readonly<Record<string, string>> = {
  int32: 'varint',
  int64: 'varint',
  uint32: 'varint',
  uint64: 'varint',
  bool: 'varint',
  sint32: 'zigzag',
  sint64: 'zigzag',
  string: 'string',
  bytes: 'string',
  fixed32: 'fixed32',
  sfixed32: 'fixed32',
  fixed64: 'fixed64',
  sfixed64: 'fixed64',
  float: 'float',
  double: 'double',
};

const name = (typeName: string): ProtoFieldType => ({ kind: 'name', name: typeName });

function messageOf(
  linked: LinkedProto,
  type: ProtoFieldType,
  scope: string,
): { fullName: string; message: ProtoMessage } | null {
  if (type.kind === 'map') return null;
  if (type.kind === 'group') return { fullName: `${scope}.${type.message.name}`, message: type.message };
  const fullName = linked.resolve(type.name, scope);
  const found = fullName === null ? undefined : linked.find(fullName);
  return found?.type.kind === 'message' ? { fullName: found.fullName, message: found.type } : null;
}

/** Without the package of the file that declares it: a type may move to another package. */
function simpleName(fullName: string, linked: LinkedProto): string {
  const declaredIn = linked.find(fullName)?.file.package;
  return declaredIn && fullName.startsWith(`${declaredIn}.`)
    ? fullName.slice(declaredIn.length + 1)
    : fullName;
}

const at = (message: string, tag: number): string => `#/${message}/${tag}`;

function text({ label, type, name: fieldName, tag }: ProtoField): string {
  const typeText =
    type.kind === 'map' ? `map<${type.key}, ${type.value}>` : type.kind === 'group' ? 'group' : type.name;
  return `${label === null ? '' : `${label} `}${typeText} ${fieldName} = ${tag}`;
}

const textOf = (member: Member | undefined): string =>
  member === undefined ? 'nothing' : text(member.field);
