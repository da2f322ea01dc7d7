/**
 * Printing a .proto file in one form: what a registry stores and hashes. Two blanks per level, no comments, sections
 * (reserved, options, fields, oneofs, extensions, types) set apart by empty lines, as the registries on the market print.
 */
import type {
  ProtoEnum,
  ProtoExtend,
  ProtoExtensions,
  ProtoField,
  ProtoFile,
  ProtoMessage,
  ProtoOneof,
  ProtoOption,
  ProtoRange,
  ProtoReserved,
  ProtoRpc,
  ProtoService,
  ProtoType,
  ProtoValue,
} from './ast';
import { MAX_INT32, MAX_TAG } from './ast';

export function printProto(file: ProtoFile): string {
  const parts: string[] = [];
  const { syntax } = file;
  if (syntax !== null)
    parts.push(
      syntax.startsWith('edition ') ? `edition = "${syntax.slice(8)}";\n` : `syntax = "${syntax}";\n`,
    );
  if (file.package !== null) parts.push(`package ${file.package};\n`);
  const head = parts.join('');
  const sections = [
    head,
    file.imports
      .map(({ path, kind }) => `import ${kind === null ? '' : `${kind} `}${quoted(path)};\n`)
      .join(''),
    file.options.map(optionStatement).join(''),
    ...file.types.map(printType),
    ...file.extends.map(printExtend),
    ...file.services.map(printService),
  ];
  return sections.filter((section) => section !== '').join('\n');
}

const printType = (type: ProtoType): string =>
  type.kind === 'message' ? printMessage(type) : printEnum(type);

const printMessage = (message: ProtoMessage): string => `message ${message.name} ${messageBody(message)}`;

const messageBody = (message: ProtoMessage): string =>
  braces([
    message.reserved.map((reserved) => printReserved(reserved, MAX_TAG)).join(''),
    message.options.map(optionStatement).join(''),
    message.fields.map(printField).join(''),
    ...message.oneofs.map(printOneof),
    message.extensions.map(printExtensions).join(''),
    ...message.types.map(printType),
    ...message.extends.map(printExtend),
  ]);

/** Sections indented between braces, empty lines between them. */
function braces(sections: readonly string[]): string {
  const filled = sections.filter((section) => section !== '');
  return filled.length === 0 ? '{}\n' : `{\n${filled.map(indent).join('\n')}}\n`;
}

const indent = (text: string): string => text.replace(/^(?=.)/gm, '  ');

function printField({ label, type, name, tag, options }: ProtoField): string {
  const start = label === null ? '' : `${label} `;
  const end = `${tag}${bracketed(options)}`;
  if (type.kind === 'group')
    return `${start}group ${type.message.name} = ${end} ${messageBody(type.message)}`;
  const typeText = type.kind === 'map' ? `map<${type.key}, ${type.value}>` : type.name;
  return `${start}${typeText} ${name} = ${end};\n`;
}

const printOneof = ({ name, fields, options }: ProtoOneof): string =>
  `oneof ${name} ${braces([options.map(optionStatement).join(''), fields.map(printField).join('')])}`;

const printEnum = ({ name, constants, options, reserved }: ProtoEnum): string =>
  `enum ${name} ${braces([
    reserved.map((each) => printReserved(each, MAX_INT32)).join('') + options.map(optionStatement).join(''),
    constants
      .map((constant) => `${constant.name} = ${constant.tag}${bracketed(constant.options)};\n`)
      .join(''),
  ])}`;

const printExtend = ({ name, fields }: ProtoExtend): string =>
  `extend ${name} ${braces([fields.map(printField).join('')])}`;

const printService = ({ name, rpcs, options }: ProtoService): string =>
  `service ${name} ${braces([options.map(optionStatement).join(''), rpcs.map(printRpc).join('')])}`;

function printRpc(rpc: ProtoRpc): string {
  const request = `${rpc.requestStream ? 'stream ' : ''}${rpc.request}`;
  const response = `${rpc.responseStream ? 'stream ' : ''}${rpc.response}`;
  const head = `rpc ${rpc.name} (${request}) returns (${response})`;
  return rpc.options.length === 0
    ? `${head};\n`
    : `${head} ${braces([rpc.options.map(optionStatement).join('')])}`;
}

const printReserved = (reserved: ProtoReserved, max: number): string =>
  `reserved ${reserved.map((each) => (typeof each === 'string' ? quoted(each) : range(each, max))).join(', ')};\n`;

const printExtensions = ({ ranges, options }: ProtoExtensions): string =>
  `extensions ${ranges.map((each) => range(each, MAX_TAG)).join(', ')}${bracketed(options)};\n`;

function range({ from, to }: ProtoRange, max: number): string {
  if (from === to) return `${from}`;
  return `${from} to ${to === max ? 'max' : to}`;
}

const optionStatement = (option: ProtoOption): string => `option ${printOption(option)};\n`;

/** One option stays on the line; several have a line each. */
function bracketed(options: readonly ProtoOption[]): string {
  if (options.length === 0) return '';
  if (options.length === 1) return ` [${printOption(options[0]!)}]`;
  return ` [\n${indent(options.map(printOption).join(',\n'))}\n]`;
}

const printOption = ({ name, value }: ProtoOption): string => `${name} = ${printValue(value)}`;

function printValue(value: ProtoValue): string {
  switch (value.kind) {
    case 'string':
      return quoted(value.text);
    case 'word':
      return value.text;
    case 'list':
      return value.items.length === 0 ? '[]' : `[\n${indent(value.items.map(printValue).join(',\n'))}\n]`;
    case 'message':
      if (value.fields.length === 0) return '{}';
      return `{\n${indent(value.fields.map(({ name, value: inner }) => `${name}: ${printValue(inner)}`).join(',\n'))}\n}`;
  }
}

const ESCAPED: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
};

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must be escaped
const UNSAFE = /[\x00-\x1f\x7f"\\]/g;

const quoted = (text: string): string =>
  `"${text.replace(UNSAFE, (char) => ESCAPED[char] ?? `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`)}"`;
