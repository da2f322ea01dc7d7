/**
 * Messages as codecs need them: names resolved, presence and packing settled by syntax, edition and options.
 * Source: the language and encoding guides of Protocol Buffers.
 */
import {
  flagOf,
  optionText,
  type ProtoEnum,
  type ProtoField,
  type ProtoMessage,
  type ProtoOption,
} from './ast';
import { type MessageAt, type ResolvedType, resolveType } from './field-type';
import type { LinkedProto } from './link';

/** implicit: a default value is not written, and what is not there is the default. */
export type Presence = 'implicit' | 'explicit' | 'required';

export class EnumType {
  readonly #names = new Map<number, string>();
  readonly #numbers = new Map<string, number>();

  constructor(
    readonly fullName: string,
    readonly type: ProtoEnum,
  ) {
    for (const { name, tag } of type.constants) {
      this.#numbers.set(name, tag);
      // Of several names for a number the first counts.
      if (!this.#names.has(tag)) this.#names.set(tag, name);
    }
  }

  get name(): string {
    return this.type.name;
  }

  /** What a field has that says nothing. */
  get first(): number {
    return this.type.constants[0]?.tag ?? 0;
  }

  /** Numbers that no constant has are told as Java's Protocol Buffers tells them. */
  nameOf(number: number): string {
    return this.#names.get(number) ?? `${UNKNOWN}${this.name}_${number}`;
  }

  /** Undefined: no constant, and no unknown number either. */
  numberOf(name: string): number | undefined {
    const known = this.#numbers.get(name);
    const unknown = `${UNKNOWN}${this.name}_`;
    if (known !== undefined || !name.startsWith(unknown)) return known;
    const number = Number(name.slice(unknown.length));
    return Number.isInteger(number) ? number : undefined;
  }
}

const UNKNOWN = 'UNKNOWN_ENUM_VALUE_';

export interface OneofType {
  readonly name: string;
  /** In its message, as written. */
  readonly index: number;
  readonly fields: readonly FieldType[];
}

export class FieldType {
  readonly name: string;
  readonly tag: number;
  readonly options: readonly ProtoOption[];
  readonly isRepeated: boolean;
  /** Whether the file calls it a map. */
  readonly isMap: boolean;
  readonly isGroup: boolean;
  readonly presence: Presence;
  /** `optional` was written (or is meant, in proto2 and editions), so that a value that is not there is one of its own. */
  readonly isOptional: boolean;
  readonly isProto2: boolean;
  readonly isPacked: boolean;
  /** Scalar type, `enum` or `message`. */
  readonly kind: string;
  readonly enumType: EnumType | null;
  readonly #resolved: ResolvedType;

  constructor(
    readonly parent: MessageType,
    field: ProtoField,
    /** Index of the oneof it is a member of; null: none. */
    readonly oneof: number | null,
  ) {
    const { home, fullName } = parent;
    const features = featuresOf(home);
    this.name = field.name;
    this.tag = field.tag;
    this.options = field.options;
    this.isMap = field.type.kind === 'map';
    this.isRepeated = this.isMap || field.label === 'repeated';
    this.isGroup =
      field.type.kind === 'group' ||
      featureOf(field.options, 'message_encoding', features.encoding) === 'DELIMITED';
    this.#resolved = parent.types.resolve(field, fullName, home);
    this.kind = this.#resolved.kind === 'scalar' ? this.#resolved.name : this.#resolved.kind;
    this.enumType = this.#resolved.kind === 'enum' ? parent.types.enumType(this.#resolved) : null;
    this.presence = presenceOf(field, oneof !== null, this.kind, features);
    const mayLack = this.presence === 'explicit' && !this.isRepeated && this.kind !== 'message';
    this.isOptional = field.label === 'optional' || (mayLack && oneof === null);
    this.isProto2 = features.isProto2;
    this.isPacked = this.isRepeated && isPackable(this.kind) && packs(field, features);
  }

  /** Of a field of kind `message`, the entry of a map. Not before it is asked for: messages may hold themselves. */
  get message(): MessageType {
    return this.parent.types.of(this.#resolved as MessageAt, this.isMap ? `${this.name} map` : '');
  }

  /** Default that proto2 may write, as text; null: none. */
  get defaultText(): string | null {
    return optionText(this.options, 'default');
  }
}

const isPackable = (kind: string): boolean => !['string', 'bytes', 'message'].includes(kind);

interface Features {
  readonly isProto2: boolean;
  readonly presence: string;
  readonly repeated: string;
  readonly encoding: string;
}

function featuresOf({ file }: LinkedProto): Features {
  const { syntax, options } = file;
  const isEdition = syntax?.startsWith('edition ') ?? false;
  const isProto3 = syntax === 'proto3';
  return {
    isProto2: !isEdition && !isProto3,
    presence: isProto3 ? 'IMPLICIT' : featureOf(options, 'field_presence', 'EXPLICIT'),
    repeated: isEdition
      ? featureOf(options, 'repeated_field_encoding', 'PACKED')
      : isProto3
        ? 'PACKED'
        : 'EXPANDED',
    encoding: featureOf(options, 'message_encoding', 'LENGTH_PREFIXED'),
  };
}

function featureOf(options: readonly ProtoOption[], name: string, byDefault: string): string {
  const written = optionText(options, `features.${name}`);
  if (written !== null) return written;
  const all = options.find((option) => option.name === 'features')?.value;
  return (all?.kind === 'message' ? optionText(all.fields, name) : null) ?? byDefault;
}

function presenceOf(field: ProtoField, inOneof: boolean, kind: string, features: Features): Presence {
  if (field.label === 'required') return 'required';
  if (field.label === 'optional' || inOneof || kind === 'message') return 'explicit';
  const feature = featureOf(field.options, 'field_presence', features.presence);
  if (feature === 'LEGACY_REQUIRED') return 'required';
  return feature === 'IMPLICIT' ? 'implicit' : 'explicit';
}

function packs(field: ProtoField, features: Features): boolean {
  const written = optionText(field.options, 'packed');
  if (written !== null) return flagOf(field.options, 'packed');
  return featureOf(field.options, 'repeated_field_encoding', features.repeated) === 'PACKED';
}

export class MessageType {
  readonly fullName: string;
  readonly name: string;
  readonly home: LinkedProto;
  readonly options: readonly ProtoOption[];
  /** As written: those of oneofs after the others. */
  readonly fields: readonly FieldType[];
  readonly oneofs: readonly OneofType[];

  constructor(
    { message, fullName, home }: MessageAt,
    readonly types: MessageTypes,
  ) {
    this.fullName = fullName;
    this.name = message.name;
    this.home = home;
    this.options = message.options;
    const own = message.fields.map((field) => new FieldType(this, field, null));
    this.oneofs = message.oneofs.map((oneof, index) => ({
      name: oneof.name,
      index,
      fields: oneof.fields.map((field) => new FieldType(this, field, index)),
    }));
    this.fields = [...own, ...this.oneofs.flatMap(({ fields }) => fields)];
  }

  field(name: string): FieldType | undefined {
    return this.fields.find((each) => each.name === name);
  }
}

/** The messages of one file and of what it imports, each made once. */
export class MessageTypes {
  readonly #messages = new Map<ProtoMessage | string, MessageType>();
  readonly #enums = new Map<ProtoEnum, EnumType>();

  constructor(readonly linked: LinkedProto) {}

  of(at: MessageAt, entryOf = ''): MessageType {
    // The entry of a map is made up anew each time.
    const key = entryOf === '' ? at.message : `${at.fullName} ${entryOf}`;
    const known = this.#messages.get(key);
    if (known !== undefined) return known;
    const made = new MessageType(at, this);
    this.#messages.set(key, made);
    return made;
  }

  enumType({ type, fullName }: { type: ProtoEnum; fullName: string }): EnumType {
    const known = this.#enums.get(type);
    if (known !== undefined) return known;
    const made = new EnumType(fullName, type);
    this.#enums.set(type, made);
    return made;
  }

  resolve(field: ProtoField, scope: string, home: LinkedProto): ResolvedType {
    return resolveType(field.type, scope, home);
  }

  /** A message that the file or its imports declare; undefined when there is none. */
  message(fullName: string): MessageType | undefined {
    const found = this.linked.find(fullName);
    if (found?.type.kind !== 'message') return undefined;
    return this.of({ message: found.type, fullName, home: found.home });
  }
}
