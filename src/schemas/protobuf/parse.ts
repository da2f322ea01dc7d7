/** Parsing .proto text (proto2, proto3, editions). Source: the language specifications of Protocol Buffers. */
import type {
  ProtoConstant,
  ProtoEnum,
  ProtoExtend,
  ProtoExtensions,
  ProtoField,
  ProtoFieldType,
  ProtoFile,
  ProtoImport,
  ProtoLabel,
  ProtoMessage,
  ProtoOneof,
  ProtoOption,
  ProtoRange,
  ProtoReserved,
  ProtoRpc,
  ProtoService,
  ProtoValue,
} from './ast';
import { MAX_INT32, MAX_TAG } from './ast';
import { Lexer, type Token } from './lexer';

/** Messages inside messages, and values inside values; deeper ones would end the stack. */
const MAX_DEPTH = 100;
const LABELS: ReadonlySet<string> = new Set(['optional', 'required', 'repeated']);

/** Throws DataError that names line and column. Whether names mean something is another question: see `link.ts`. */
export const parseProto = (text: string): ProtoFile => new Parser(text).file();

type Draft<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer I)[] ? I[] : T[K] };

class Parser {
  readonly #lexer: Lexer;
  #depth = 0;

  constructor(text: string) {
    this.#lexer = new Lexer(text);
  }

  file(): ProtoFile {
    const file: Draft<ProtoFile> = {
      syntax: null,
      package: null,
      imports: [],
      options: [],
      types: [],
      extends: [],
      services: [],
    };
    while (this.#lexer.peek.kind !== 'end') this.#fileMember(file);
    return file;
  }

  #fileMember(file: Draft<ProtoFile>): void {
    if (this.#skip(';')) return;
    const token = this.#word(
      'a declaration (syntax, package, import, option, message, enum, extend, service)',
    );
    const read = this.#fileMembers[token.text];
    if (read === undefined) {
      throw this.#lexer.error('a declaration (message, enum, import, …) was expected', token);
    }
    read(file, token);
  }

  readonly #fileMembers: Readonly<Record<string, (file: Draft<ProtoFile>, token: Token) => void>> = {
    syntax: (file, token) => this.#syntax(file, token),
    edition: (file, token) => this.#syntax(file, token),
    package: (file, token) => this.#package(file, token),
    import: (file) => file.imports.push(this.#import()),
    option: (file) => file.options.push(this.#optionStatement()),
    message: (file) => file.types.push(this.#message()),
    enum: (file) => file.types.push(this.#enum()),
    extend: (file) => file.extends.push(this.#extend()),
    service: (file) => file.services.push(this.#service()),
  };

  #package(file: Draft<ProtoFile>, token: Token): void {
    if (file.package !== null) throw this.#lexer.error('a file has one package', token);
    file.package = this.#fullName();
    this.#end();
  }

  #syntax(file: Draft<ProtoFile>, token: Token): void {
    const isFirst = file.syntax === null && file.package === null && file.types.length === 0;
    if (!isFirst) throw this.#lexer.error('the syntax must come first', token);
    this.#symbol('=');
    const value = this.#string();
    if (token.text === 'edition') file.syntax = `edition ${value.text}`;
    else if (value.text === 'proto2' || value.text === 'proto3') file.syntax = value.text;
    else throw this.#lexer.error('the syntax "proto2" or "proto3" was expected', value);
    this.#end();
  }

  #import(): ProtoImport {
    const { peek } = this.#lexer;
    const kind = peek.kind === 'word' && (peek.text === 'public' || peek.text === 'weak') ? peek.text : null;
    if (kind !== null) this.#lexer.next();
    const path = this.#string().text;
    this.#end();
    return { path, kind };
  }

  #message(): ProtoMessage {
    const { text: name } = this.#word('the name of a message');
    return this.#messageBody(name);
  }

  #messageBody(name: string): ProtoMessage {
    const message: Draft<ProtoMessage> = {
      kind: 'message',
      name,
      fields: [],
      oneofs: [],
      types: [],
      extends: [],
      options: [],
      reserved: [],
      extensions: [],
    };
    this.#block(() => this.#messageMember(message));
    return message;
  }

  #messageMember(message: Draft<ProtoMessage>): void {
    if (this.#lexer.peek.text === '.') {
      message.fields.push(this.#field(null));
      return;
    }
    const token = this.#word('a field or declaration');
    const read = this.#messageMembers[token.text];
    if (read === undefined) message.fields.push(this.#fieldAfter(token));
    else read(message);
  }

  readonly #messageMembers: Readonly<Record<string, (message: Draft<ProtoMessage>) => void>> = {
    message: (message) => message.types.push(this.#message()),
    enum: (message) => message.types.push(this.#enum()),
    extend: (message) => message.extends.push(this.#extend()),
    option: (message) => message.options.push(this.#optionStatement()),
    oneof: (message) => message.oneofs.push(this.#oneof()),
    extensions: (message) => message.extensions.push(this.#extensions()),
    reserved: (message) => message.reserved.push(this.#reserved(MAX_TAG)),
  };

  #fieldAfter(token: Token): ProtoField {
    if (LABELS.has(token.text) && this.#lexer.peek.text !== '=') return this.#field(token.text as ProtoLabel);
    return this.#field(null, token);
  }

  /** @param first first word of the type, when it was read already */
  #field(label: ProtoLabel | null, first?: Token): ProtoField {
    const type = this.#fieldType(first);
    if (type === 'group') return this.#group(label);
    const { text: name } = this.#word('the name of a field');
    this.#symbol('=');
    const tag = this.#tag();
    const options = this.#bracketOptions();
    this.#end();
    return { label, type, name, tag, options };
  }

  #fieldType(first?: Token): ProtoFieldType | 'group' {
    const word = first ?? (this.#lexer.peek.text === '.' ? undefined : this.#word('a type'));
    const { peek } = this.#lexer;
    if (word?.text === 'map' && peek.text === '<') return this.#map();
    const name = this.#typeName(word);
    return name === 'group' && peek.kind === 'word' && /^[A-Z]/.test(peek.text)
      ? 'group'
      : { kind: 'name', name };
  }

  #map(): ProtoFieldType {
    this.#symbol('<');
    const key = this.#typeName();
    this.#symbol(',');
    const value = this.#typeName();
    this.#symbol('>');
    return { kind: 'map', key, value };
  }

  #group(label: ProtoLabel | null): ProtoField {
    const { text: name } = this.#word('the name of a group');
    this.#symbol('=');
    const tag = this.#tag();
    const options = this.#bracketOptions();
    const message = this.#messageBody(name);
    return { label, type: { kind: 'group', message }, name: name.toLowerCase(), tag, options };
  }

  #oneof(): ProtoOneof {
    const { text: name } = this.#word('the name of a oneof');
    const oneof: Draft<ProtoOneof> = { name, fields: [], options: [] };
    this.#block(() => {
      if (this.#lexer.peek.text === '.') {
        oneof.fields.push(this.#field(null));
        return;
      }
      const token = this.#word('a field');
      if (token.text === 'option') oneof.options.push(this.#optionStatement());
      else oneof.fields.push(this.#fieldAfter(token));
    });
    return oneof;
  }

  #extend(): ProtoExtend {
    const name = this.#typeName();
    const fields: ProtoField[] = [];
    this.#block(() => {
      if (this.#lexer.peek.text === '.') fields.push(this.#field(null));
      else fields.push(this.#fieldAfter(this.#word('a field')));
    });
    return { name, fields };
  }

  #extensions(): ProtoExtensions {
    const ranges = this.#ranges(MAX_TAG);
    const options = this.#bracketOptions();
    this.#end();
    return { ranges, options };
  }

  #reserved(max: number): ProtoReserved {
    const { peek } = this.#lexer;
    const items: (ProtoRange | string)[] = [];
    if (peek.kind === 'number' || peek.text === '-') items.push(...this.#ranges(max));
    else
      do items.push(this.#reservedName());
      while (this.#skip(','));
    this.#end();
    return items;
  }

  /** A string, or, in editions, a bare name. */
  #reservedName(): string {
    return this.#lexer.peek.kind === 'word' ? this.#lexer.next().text : this.#string().text;
  }

  #ranges(max: number): ProtoRange[] {
    const ranges: ProtoRange[] = [];
    do {
      const from = this.#integer();
      ranges.push({ from, to: this.#rangeEnd(from, max) });
    } while (this.#skip(','));
    return ranges;
  }

  #rangeEnd(from: number, max: number): number {
    if (!this.#skipWord('to')) return from;
    return this.#skipWord('max') ? max : this.#integer();
  }

  #enum(): ProtoEnum {
    const { text: name } = this.#word('the name of an enum');
    const type: Draft<ProtoEnum> = { kind: 'enum', name, constants: [], options: [], reserved: [] };
    this.#block(() => {
      const token = this.#word('a constant');
      const isConstant = this.#lexer.peek.text === '=';
      if (token.text === 'option' && !isConstant) type.options.push(this.#optionStatement());
      else if (token.text === 'reserved' && !isConstant) type.reserved.push(this.#reserved(MAX_INT32));
      else type.constants.push(this.#constant(token.text));
    });
    return type;
  }

  #constant(name: string): ProtoConstant {
    this.#symbol('=');
    const tag = this.#integer();
    const options = this.#bracketOptions();
    this.#end();
    return { name, tag, options };
  }

  #service(): ProtoService {
    const { text: name } = this.#word('the name of a service');
    const service: Draft<ProtoService> = { name, rpcs: [], options: [] };
    this.#block(() => {
      const token = this.#word('rpc or option');
      if (token.text === 'option') service.options.push(this.#optionStatement());
      else if (token.text === 'rpc') service.rpcs.push(this.#rpc());
      else throw this.#lexer.error('rpc or option was expected', token);
    });
    return service;
  }

  #rpc(): ProtoRpc {
    const { text: name } = this.#word('the name of an rpc');
    const request = this.#rpcType();
    const returns = this.#word('returns');
    if (returns.text !== 'returns') throw this.#lexer.error('returns was expected', returns);
    const response = this.#rpcType();
    const options: ProtoOption[] = [];
    if (this.#lexer.peek.text === '{') {
      this.#block(() => {
        const token = this.#word('option');
        if (token.text !== 'option') throw this.#lexer.error('option was expected', token);
        options.push(this.#optionStatement());
      });
    } else this.#end();
    return {
      name,
      request: request.name,
      requestStream: request.stream,
      response: response.name,
      responseStream: response.stream,
      options,
    };
  }

  #rpcType(): { name: string; stream: boolean } {
    this.#symbol('(');
    const word = this.#lexer.peek.text === '.' ? undefined : this.#word('a type');
    const { peek } = this.#lexer;
    const stream = word?.text === 'stream' && (peek.kind === 'word' || peek.text === '.');
    const name = stream ? this.#typeName() : this.#typeName(word);
    this.#symbol(')');
    return { name, stream };
  }

  #optionStatement(): ProtoOption {
    const option = this.#option();
    this.#end();
    return option;
  }

  #bracketOptions(): ProtoOption[] {
    const options: ProtoOption[] = [];
    if (!this.#skip('[')) return options;
    if (this.#skip(']')) return options;
    do options.push(this.#option());
    while (this.#skip(','));
    this.#symbol(']');
    return options;
  }

  #option(): ProtoOption {
    const name = this.#optionName();
    this.#symbol('=');
    return { name, value: this.#value() };
  }

  #optionName(): string {
    let name = '';
    do {
      if (name !== '') name += '.';
      if (this.#skip('(')) {
        name += `(${this.#typeName()})`;
        this.#symbol(')');
      } else name += this.#word('the name of an option').text;
    } while (this.#skip('.'));
    return name;
  }

  #value(): ProtoValue {
    const { peek } = this.#lexer;
    if (peek.kind === 'string') return { kind: 'string', text: this.#strings() };
    if (peek.text === '{' || peek.text === '<') return this.#nested(() => this.#messageValue());
    if (peek.text === '[') return this.#nested(() => this.#listValue());
    const sign = this.#skip('-') ? '-' : this.#skip('+') ? '+' : '';
    const token = this.#lexer.next();
    if (token.kind !== 'word' && token.kind !== 'number')
      throw this.#lexer.error('a value was expected', token);
    let text = sign + token.text;
    while (token.kind === 'word' && this.#skip('.')) text += `.${this.#word('a name').text}`;
    return { kind: 'word', text };
  }

  /** Neighbouring strings are one. */
  #strings(): string {
    let text = '';
    while (this.#lexer.peek.kind === 'string') text += this.#lexer.next().text;
    return text;
  }

  #listValue(): ProtoValue {
    this.#symbol('[');
    const items: ProtoValue[] = [];
    if (this.#skip(']')) return { kind: 'list', items };
    do items.push(this.#value());
    while (this.#skip(','));
    this.#symbol(']');
    return { kind: 'list', items };
  }

  #messageValue(): ProtoValue {
    const close = this.#lexer.next().text === '{' ? '}' : '>';
    const fields: ProtoOption[] = [];
    while (!this.#skip(close)) {
      const name = this.#valueFieldName();
      const { text } = this.#lexer.peek;
      if (text !== '{' && text !== '<') this.#symbol(':');
      fields.push({ name, value: this.#value() });
      if (!this.#skip(',')) this.#skip(';');
    }
    return { kind: 'message', fields };
  }

  #valueFieldName(): string {
    if (!this.#skip('[')) return this.#word('the name of a field').text;
    let name = this.#typeName();
    while (this.#skip('/')) name += `/${this.#typeName()}`;
    this.#symbol(']');
    return `[${name}]`;
  }

  #nested<T>(read: () => T): T {
    if (++this.#depth > MAX_DEPTH)
      throw this.#lexer.error(`more than ${MAX_DEPTH} levels inside one another`);
    const value = read();
    this.#depth--;
    return value;
  }

  #block(member: () => void): void {
    this.#symbol('{');
    this.#nested(() => {
      while (!this.#skip('}')) {
        if (!this.#skip(';')) member();
      }
    });
  }

  #fullName(): string {
    let name = this.#word('a name').text;
    while (this.#skip('.')) name += `.${this.#word('a name').text}`;
    return name;
  }

  /** `a.B`, `.a.B` */
  #typeName(first?: Token): string {
    let name = first?.text ?? '';
    if (first === undefined) name = (this.#skip('.') ? '.' : '') + this.#word('a type').text;
    while (this.#skip('.')) name += `.${this.#word('a name').text}`;
    return name;
  }

  #tag(): number {
    const token = this.#lexer.peek;
    const tag = this.#integer();
    if (tag < 1 || tag > MAX_TAG)
      throw this.#lexer.error(`a field number from 1 to ${MAX_TAG} was expected`, token);
    return tag;
  }

  #integer(): number {
    const sign = this.#skip('-') ? -1 : 1;
    const token = this.#lexer.next();
    const value = token.kind === 'number' ? integerOf(token.text) : Number.NaN;
    if (!Number.isSafeInteger(value)) throw this.#lexer.error('an integer was expected', token);
    return sign * value;
  }

  #word(what: string): Token {
    const token = this.#lexer.next();
    if (token.kind !== 'word') throw this.#lexer.error(`${what} was expected`, token);
    return token;
  }

  #string(): Token {
    const token = this.#lexer.peek;
    if (token.kind !== 'string') throw this.#lexer.error('a string was expected');
    return { ...token, text: this.#strings() };
  }

  #symbol(symbol: string): void {
    const token = this.#lexer.next();
    if (token.text !== symbol || token.kind !== 'symbol')
      throw this.#lexer.error(`"${symbol}" was expected`, token);
  }

  #skipWord(word: string): boolean {
    const { kind, text } = this.#lexer.peek;
    if (kind !== 'word' || text !== word) return false;
    this.#lexer.next();
    return true;
  }

  #skip(symbol: string): boolean {
    const { kind, text } = this.#lexer.peek;
    if (kind !== 'symbol' || text !== symbol) return false;
    this.#lexer.next();
    return true;
  }

  #end(): void {
    this.#symbol(';');
  }
}

/** Decimal, hexadecimal, octal. */
function integerOf(text: string): number {
  if (/^0[0-7]+$/.test(text)) return Number.parseInt(text, 8);
  return /^(?:0[xX][0-9a-fA-F]+|\d+)$/.test(text) ? Number(text) : Number.NaN;
}
