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
} from './ast';
import { MAX_INT32, MAX_TAG } from './ast';
import type { Token } from './lexer';
import { readBracketOptions, readOptionStatement } from './parse-options';
import { TokenReader } from './token-reader';

const LABELS: ReadonlySet<string> = new Set(['optional', 'required', 'repeated']);

/** Throws DataError that names line and column. Whether names mean something is another question: see `link.ts`. */
export const parseProto = (text: string): ProtoFile => new Parser(new TokenReader(text)).file();

type Draft<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer I)[] ? I[] : T[K] };

class Parser {
  constructor(readonly tokens: TokenReader) {}

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
    while (this.tokens.peek.kind !== 'end') this.#fileMember(file);
    return file;
  }

  #fileMember(file: Draft<ProtoFile>): void {
    if (this.tokens.skip(';')) return;
    const token = this.tokens.word(
      'a declaration (syntax, package, import, option, message, enum, extend, service)',
    );
    const read = this.#fileMembers[token.text];
    if (read === undefined) {
      throw this.tokens.error('a declaration (message, enum, import, …) was expected', token);
    }
    read(file, token);
  }

  readonly #fileMembers: Readonly<Record<string, (file: Draft<ProtoFile>, token: Token) => void>> = {
    syntax: (file, token) => this.#syntax(file, token),
    edition: (file, token) => this.#syntax(file, token),
    package: (file, token) => this.#package(file, token),
    import: (file) => file.imports.push(this.#import()),
    option: (file) => file.options.push(readOptionStatement(this.tokens)),
    message: (file) => file.types.push(this.#message()),
    enum: (file) => file.types.push(this.#enum()),
    extend: (file) => file.extends.push(this.#extend()),
    service: (file) => file.services.push(this.#service()),
  };

  #package(file: Draft<ProtoFile>, token: Token): void {
    if (file.package !== null) throw this.tokens.error('a file has one package', token);
    file.package = this.tokens.fullName();
    this.tokens.end();
  }

  #syntax(file: Draft<ProtoFile>, token: Token): void {
    const isFirst = file.syntax === null && file.package === null && file.types.length === 0;
    if (!isFirst) throw this.tokens.error('the syntax must come first', token);
    this.tokens.symbol('=');
    const value = this.tokens.string();
    if (token.text === 'edition') file.syntax = `edition ${value.text}`;
    else if (value.text === 'proto2' || value.text === 'proto3') file.syntax = value.text;
    else throw this.tokens.error('the syntax "proto2" or "proto3" was expected', value);
    this.tokens.end();
  }

  #import(): ProtoImport {
    const { peek } = this.tokens;
    const kind = peek.kind === 'word' && (peek.text === 'public' || peek.text === 'weak') ? peek.text : null;
    if (kind !== null) this.tokens.next();
    const path = this.tokens.string().text;
    this.tokens.end();
    return { path, kind };
  }

  #message(): ProtoMessage {
    const { text: name } = this.tokens.word('the name of a message');
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
    this.tokens.block(() => this.#messageMember(message));
    return message;
  }

  #messageMember(message: Draft<ProtoMessage>): void {
    if (this.tokens.peek.text === '.') {
      message.fields.push(this.#field(null));
      return;
    }
    const token = this.tokens.word('a field or declaration');
    const read = this.#messageMembers[token.text];
    if (read === undefined) message.fields.push(this.#fieldAfter(token));
    else read(message);
  }

  readonly #messageMembers: Readonly<Record<string, (message: Draft<ProtoMessage>) => void>> = {
    message: (message) => message.types.push(this.#message()),
    enum: (message) => message.types.push(this.#enum()),
    extend: (message) => message.extends.push(this.#extend()),
    option: (message) => message.options.push(readOptionStatement(this.tokens)),
    oneof: (message) => message.oneofs.push(this.#oneof()),
    extensions: (message) => message.extensions.push(this.#extensions()),
    reserved: (message) => message.reserved.push(this.#reserved(MAX_TAG)),
  };

  #fieldAfter(token: Token): ProtoField {
    if (LABELS.has(token.text) && this.tokens.peek.text !== '=') return this.#field(token.text as ProtoLabel);
    return this.#field(null, token);
  }

  /** @param first first word of the type, when it was read already */
  #field(label: ProtoLabel | null, first?: Token): ProtoField {
    const type = this.#fieldType(first);
    if (type === 'group') return this.#group(label);
    const { text: name } = this.tokens.word('the name of a field');
    this.tokens.symbol('=');
    const tag = this.tokens.tag();
    const options = readBracketOptions(this.tokens);
    this.tokens.end();
    return { label, type, name, tag, options };
  }

  #fieldType(first?: Token): ProtoFieldType | 'group' {
    const word = first ?? (this.tokens.peek.text === '.' ? undefined : this.tokens.word('a type'));
    const { peek } = this.tokens;
    if (word?.text === 'map' && peek.text === '<') return this.#map();
    const name = this.tokens.typeName(word);
    return name === 'group' && peek.kind === 'word' && /^[A-Z]/.test(peek.text)
      ? 'group'
      : { kind: 'name', name };
  }

  #map(): ProtoFieldType {
    this.tokens.symbol('<');
    const key = this.tokens.typeName();
    this.tokens.symbol(',');
    const value = this.tokens.typeName();
    this.tokens.symbol('>');
    return { kind: 'map', key, value };
  }

  #group(label: ProtoLabel | null): ProtoField {
    const { text: name } = this.tokens.word('the name of a group');
    this.tokens.symbol('=');
    const tag = this.tokens.tag();
    const options = readBracketOptions(this.tokens);
    const message = this.#messageBody(name);
    return { label, type: { kind: 'group', message }, name: name.toLowerCase(), tag, options };
  }

  #oneof(): ProtoOneof {
    const { text: name } = this.tokens.word('the name of a oneof');
    const oneof: Draft<ProtoOneof> = { name, fields: [], options: [] };
    this.tokens.block(() => {
      if (this.tokens.peek.text === '.') {
        oneof.fields.push(this.#field(null));
        return;
      }
      const token = this.tokens.word('a field');
      if (token.text === 'option') oneof.options.push(readOptionStatement(this.tokens));
      else oneof.fields.push(this.#fieldAfter(token));
    });
    return oneof;
  }

  #extend(): ProtoExtend {
    const name = this.tokens.typeName();
    const fields: ProtoField[] = [];
    this.tokens.block(() => {
      if (this.tokens.peek.text === '.') fields.push(this.#field(null));
      else fields.push(this.#fieldAfter(this.tokens.word('a field')));
    });
    return { name, fields };
  }

  #extensions(): ProtoExtensions {
    const ranges = this.#ranges(MAX_TAG);
    const options = readBracketOptions(this.tokens);
    this.tokens.end();
    return { ranges, options };
  }

  #reserved(max: number): ProtoReserved {
    const { peek } = this.tokens;
    const items: (ProtoRange | string)[] = [];
    if (peek.kind === 'number' || peek.text === '-') items.push(...this.#ranges(max));
    else
      do items.push(this.#reservedName());
      while (this.tokens.skip(','));
    this.tokens.end();
    return items;
  }

  /** A string, or, in editions, a bare name. */
  #reservedName(): string {
    return this.tokens.peek.kind === 'word' ? this.tokens.next().text : this.tokens.string().text;
  }

  #ranges(max: number): ProtoRange[] {
    const ranges: ProtoRange[] = [];
    do {
      const from = this.tokens.integer();
      ranges.push({ from, to: this.#rangeEnd(from, max) });
    } while (this.tokens.skip(','));
    return ranges;
  }

  #rangeEnd(from: number, max: number): number {
    if (!this.tokens.skipWord('to')) return from;
    return this.tokens.skipWord('max') ? max : this.tokens.integer();
  }

  #enum(): ProtoEnum {
    const { text: name } = this.tokens.word('the name of an enum');
    const type: Draft<ProtoEnum> = { kind: 'enum', name, constants: [], options: [], reserved: [] };
    this.tokens.block(() => {
      const token = this.tokens.word('a constant');
      const isConstant = this.tokens.peek.text === '=';
      if (token.text === 'option' && !isConstant) type.options.push(readOptionStatement(this.tokens));
      else if (token.text === 'reserved' && !isConstant) type.reserved.push(this.#reserved(MAX_INT32));
      else type.constants.push(this.#constant(token.text));
    });
    return type;
  }

  #constant(name: string): ProtoConstant {
    this.tokens.symbol('=');
    const tag = this.tokens.integer();
    const options = readBracketOptions(this.tokens);
    this.tokens.end();
    return { name, tag, options };
  }

  #service(): ProtoService {
    const { text: name } = this.tokens.word('the name of a service');
    const service: Draft<ProtoService> = { name, rpcs: [], options: [] };
    this.tokens.block(() => {
      const token = this.tokens.word('rpc or option');
      if (token.text === 'option') service.options.push(readOptionStatement(this.tokens));
      else if (token.text === 'rpc') service.rpcs.push(this.#rpc());
      else throw this.tokens.error('rpc or option was expected', token);
    });
    return service;
  }

  #rpc(): ProtoRpc {
    const { text: name } = this.tokens.word('the name of an rpc');
    const request = this.#rpcType();
    const returns = this.tokens.word('returns');
    if (returns.text !== 'returns') throw this.tokens.error('returns was expected', returns);
    const response = this.#rpcType();
    const options: ProtoOption[] = [];
    if (this.tokens.peek.text === '{') {
      this.tokens.block(() => {
        const token = this.tokens.word('option');
        if (token.text !== 'option') throw this.tokens.error('option was expected', token);
        options.push(readOptionStatement(this.tokens));
      });
    } else this.tokens.end();
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
    this.tokens.symbol('(');
    const word = this.tokens.peek.text === '.' ? undefined : this.tokens.word('a type');
    const { peek } = this.tokens;
    const stream = word?.text === 'stream' && (peek.kind === 'word' || peek.text === '.');
    const name = stream ? this.tokens.typeName() : this.tokens.typeName(word);
    this.tokens.symbol(')');
    return { name, stream };
  }
}
