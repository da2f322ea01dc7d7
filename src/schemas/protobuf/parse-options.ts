/** Options in .proto text: names, and values of every form, message literals included. */
import type { ProtoOption, ProtoValue } from './ast';
import type { TokenReader } from './token-reader';

/** `name = value;`, behind the word `option`. */
export function readOptionStatement(tokens: TokenReader): ProtoOption {
  const option = readOption(tokens);
  tokens.end();
  return option;
}

/** `[name = value, …]`; empty when there are none. */
export function readBracketOptions(tokens: TokenReader): ProtoOption[] {
  const options: ProtoOption[] = [];
  if (!tokens.skip('[')) return options;
  if (tokens.skip(']')) return options;
  do options.push(readOption(tokens));
  while (tokens.skip(','));
  tokens.symbol(']');
  return options;
}

function readOption(tokens: TokenReader): ProtoOption {
  const name = readOptionName(tokens);
  tokens.symbol('=');
  return { name, value: readValue(tokens) };
}

function readOptionName(tokens: TokenReader): string {
  let name = '';
  do {
    if (name !== '') name += '.';
    if (tokens.skip('(')) {
      name += `(${tokens.typeName()})`;
      tokens.symbol(')');
    } else name += tokens.word('the name of an option').text;
  } while (tokens.skip('.'));
  return name;
}

function readValue(tokens: TokenReader): ProtoValue {
  const { peek } = tokens;
  if (peek.kind === 'string') return { kind: 'string', text: tokens.strings() };
  if (peek.text === '{' || peek.text === '<') return tokens.nested(() => readMessage(tokens));
  if (peek.text === '[') return tokens.nested(() => readList(tokens));
  const sign = tokens.skip('-') ? '-' : tokens.skip('+') ? '+' : '';
  const token = tokens.next();
  if (token.kind !== 'word' && token.kind !== 'number') throw tokens.error('a value was expected', token);
  let text = sign + token.text;
  while (token.kind === 'word' && tokens.skip('.')) text += `.${tokens.word('a name').text}`;
  return { kind: 'word', text };
}

function readList(tokens: TokenReader): ProtoValue {
  tokens.symbol('[');
  const items: ProtoValue[] = [];
  if (tokens.skip(']')) return { kind: 'list', items };
  do items.push(readValue(tokens));
  while (tokens.skip(','));
  tokens.symbol(']');
  return { kind: 'list', items };
}

function readMessage(tokens: TokenReader): ProtoValue {
  const close = tokens.next().text === '{' ? '}' : '>';
  const fields: ProtoOption[] = [];
  while (!tokens.skip(close)) {
    const name = readFieldName(tokens);
    const { text } = tokens.peek;
    if (text !== '{' && text !== '<') tokens.symbol(':');
    fields.push({ name, value: readValue(tokens) });
    if (!tokens.skip(',')) tokens.skip(';');
  }
  return { kind: 'message', fields };
}

function readFieldName(tokens: TokenReader): string {
  if (!tokens.skip('[')) return tokens.word('the name of a field').text;
  let name = tokens.typeName();
  while (tokens.skip('/')) name += `/${tokens.typeName()}`;
  tokens.symbol(']');
  return `[${name}]`;
}
