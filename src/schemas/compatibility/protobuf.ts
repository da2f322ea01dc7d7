/**
 * Whether messages written with one Protobuf schema can be read with another: messages by full name, fields by number. The
 * wire format forgives much; what it does not forgive is listed in ProtoProblemKind.
 */
import type { ProtoField, ProtoMessage, ProtoOneof } from '../protobuf/ast';
import { type MessageAt, type ResolvedType, resolveType } from '../protobuf/field-type';
import type { LinkedProto } from '../protobuf/link';

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
  | 'FIELD_MOVED_TO_EXISTING_ONEOF'
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
      if (counterpart?.kind !== 'message') this.#removed(fullName);
      else {
        this.#messages(
          { message: counterpart, fullName, home: this.reader },
          { message: type, fullName, home: this.writer },
        );
      }
    }
    if (this.stepsLeft < 0) {
      return [{ kind: 'CHECK_TOO_COMPLEX', location: '#', reader: 'the schema', writer: 'the schema' }];
    }
    return this.#problems;
  }

  #removed(fullName: string): void {
    this.#add('MESSAGE_REMOVED', `#/${fullName}`, 'nothing', `message ${fullName}`);
  }

  #messages(reader: MessageAt, writer: MessageAt): void {
    const pair = `${reader.fullName} ${writer.fullName}`;
    if (this.#seen.has(pair) || --this.stepsLeft < 0) return;
    this.#seen.add(pair);
    const read = fieldsByTag(reader.message);
    const written = fieldsByTag(writer.message);
    for (const [tag, member] of written) this.#field(read.get(tag), reader, member, writer);
    for (const [tag, { field }] of read) {
      if (field.label === 'required' && !written.has(tag))
        this.#add('REQUIRED_FIELD_ADDED', at(reader.fullName, tag), text(field), 'nothing');
    }
    this.#lostMembers(reader, read, writer);
    for (const oneof of reader.message.oneofs) this.#newlyExclusive(oneof, reader.fullName, written);
  }

  #field(read: Member | undefined, reader: MessageAt, { field }: Member, writer: MessageAt): void {
    this.stepsLeft--;
    const location = at(reader.fullName, field.tag);
    if (read === undefined) {
      if (field.label === 'required') this.#add('REQUIRED_FIELD_REMOVED', location, 'nothing', text(field));
      return;
    }
    const [mine, theirs] = [
      resolveType(read.field.type, reader.fullName, reader.home),
      resolveType(field.type, writer.fullName, writer.home),
    ];
    const isMap = [read.field.type.kind === 'map', field.type.kind === 'map'] as const;
    const kind = isMap[0] !== isMap[1] ? 'FIELD_KIND_CHANGED' : this.#types(mine, theirs, isMap[0]);
    if (kind !== null) this.#add(kind, location, text(read.field), text(field));
    else if (labelBreaks(read.field, field, mine))
      this.#add('FIELD_NUMERIC_LABEL_CHANGED', location, text(read.field), text(field));
  }

  #types(reader: ResolvedType, writer: ResolvedType, isMap: boolean): ProtoProblemKind | null {
    if (reader.kind === 'message' && writer.kind === 'message') {
      return isMap ? this.#maps(reader, writer) : this.#named(reader, writer);
    }
    if (reader.kind === 'message' || writer.kind === 'message') return 'FIELD_KIND_CHANGED';
    return scalarGroup(reader) === scalarGroup(writer) ? null : 'FIELD_SCALAR_KIND_CHANGED';
  }

  /** Keys with keys, values with values. */
  #maps(reader: MessageAt, writer: MessageAt): ProtoProblemKind | null {
    for (const [i, field] of reader.message.fields.entries()) {
      const other = writer.message.fields[i]!;
      const kind = this.#types(
        resolveType(field.type, reader.fullName, reader.home),
        resolveType(other.type, writer.fullName, writer.home),
        false,
      );
      if (kind !== null) return kind;
    }
    return null;
  }

  #named(reader: MessageAt, writer: MessageAt): ProtoProblemKind | null {
    if (localName(reader) !== localName(writer)) return 'FIELD_NAMED_TYPE_CHANGED';
    // What is declared in the files themselves is compared there; here go types that come from references.
    this.#messages(reader, writer);
    if (reader.home !== this.reader || writer.home !== this.writer) this.#nested(reader, writer);
    return null;
  }

  /** Messages within a message of a reference. */
  #nested(reader: MessageAt, writer: MessageAt): void {
    const mine = new Map(messagesIn(reader).map((inner) => [inner.message.name, inner]));
    for (const inner of messagesIn(writer)) {
      const counterpart = mine.get(inner.message.name);
      if (--this.stepsLeft < 0) return;
      if (counterpart === undefined) this.#removed(inner.fullName);
      else {
        this.#messages(counterpart, inner);
        this.#nested(counterpart, inner);
      }
    }
  }

  /** A oneof that is gone with all its members is forgiven; one that lost some is not. */
  #lostMembers(reader: MessageAt, read: ReadonlyMap<number, Member>, writer: MessageAt): void {
    const survivors = new Set(reader.message.oneofs.map((oneof) => oneof.name));
    for (const oneof of writer.message.oneofs) {
      const lost = oneof.fields.filter(({ tag }) => !read.has(tag));
      if (!survivors.has(oneof.name) && lost.length === oneof.fields.length) continue;
      for (const field of lost)
        this.#add('ONEOF_FIELD_REMOVED', `#/${reader.fullName}/${oneof.name}`, 'nothing', text(field));
    }
  }

  /** Fields that could be set together before they came into one oneof. New fields were never set. */
  #newlyExclusive(oneof: ProtoOneof, message: string, written: ReadonlyMap<number, Member>): void {
    const origins = new Set<string>();
    let alone = 0;
    for (const { tag } of oneof.fields) {
      const old = written.get(tag);
      if (old === undefined) continue;
      if (old.oneof === null) alone++;
      origins.add(old.oneof === null ? `field ${tag}` : `oneof ${old.oneof}`);
    }
    if (origins.size < 2) return;
    const fields = oneof.fields.map(({ name: each }) => each).join(', ');
    this.#add(
      alone > 1 ? 'MULTIPLE_FIELDS_MOVED_TO_ONEOF' : 'FIELD_MOVED_TO_EXISTING_ONEOF',
      `#/${message}/${oneof.name}`,
      `oneof of ${fields}`,
      [...origins].join(', '),
    );
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

/** Scalars of one group read each other; an enum is a number. */
const scalarGroup = (type: Exclude<ResolvedType, { kind: 'message' }>): string =>
  type.kind === 'enum' ? 'varint' : GROUPS[type.name]!;

/** Packed and single numbers are written differently; a label that is not written says nothing. */
const labelBreaks = (reader: ProtoField, writer: ProtoField, type: ResolvedType): boolean =>
  reader.label !== null &&
  writer.label !== null &&
  reader.label !== writer.label &&
  type.kind !== 'message' &&
  scalarGroup(type) !== 'string';

/** Without the package of the file that declares it: a type may move to another package. */
function localName({ fullName, home }: MessageAt): string {
  const declaredIn = home.file.package;
  return declaredIn && fullName.startsWith(`${declaredIn}.`)
    ? fullName.slice(declaredIn.length + 1)
    : fullName;
}

const messagesIn = ({ message, fullName, home }: MessageAt): MessageAt[] =>
  message.types.flatMap((type) =>
    type.kind === 'message' ? [{ message: type, fullName: `${fullName}.${type.name}`, home }] : [],
  );

const at = (message: string, tag: number): string => `#/${message}/${tag}`;

function text({ label, type, name: fieldName, tag }: ProtoField): string {
  const typeText =
    type.kind === 'map' ? `map<${type.key}, ${type.value}>` : type.kind === 'group' ? 'group' : type.name;
  return `${label === null ? '' : `${label} `}${typeText} ${fieldName} = ${tag}`;
}
