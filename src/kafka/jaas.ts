/** `sasl.jaas.config`: `a.b.PlainLoginModule required username="alice" password="s\"cret";` in Java's syntax. */
import { ConfigError } from '../kernel';

export interface JaasEntry {
  /** Class name without its package. */
  readonly module: string;
  readonly options: ReadonlyMap<string, string>;
}

const KEY = 'sasl.jaas.config';
const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  b: '\b',
  f: '\f',
  a: '\x07',
  v: '\v',
};
/** A quoted text, one of `= ;`, or a word. Comments and blanks lie between. */
const TOKEN = /"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([=;])|([^\s=;"']+)/gsy;
const GAP = /(?:\s+|\/\/[^\n]*(?:\n|$)|\/\*.*?\*\/)+/sy;

interface Token {
  readonly text: string;
  readonly isMark: boolean;
}

/** Never quotes the text in an error: it holds a password. */
export function parseJaas(text: string): JaasEntry {
  const tokens = tokenize(text);
  const module = tokens[0];
  const flag = tokens[1];
  if (module === undefined || module.isMark) throw malformed('it begins with the class of a login module');
  if (!/^(required|requisite|sufficient|optional)$/i.test(flag?.text ?? '')) {
    throw malformed('"required" follows the login module');
  }
  const options = new Map<string, string>();
  let at = 2;
  for (; at < tokens.length && tokens[at]!.text !== ';'; at += 3) {
    const [name, equals, value] = tokens.slice(at, at + 3);
    const complete =
      value !== undefined && !value.isMark && !name!.isMark && equals!.isMark && equals!.text === '=';
    if (!complete) throw malformed('options are name="value", separated by blanks');
    options.set(name!.text, value.text);
  }
  if (at >= tokens.length) throw malformed('it ends with a semicolon');
  if (at < tokens.length - 1) throw malformed('it has one login module, not several');
  return { module: module.text.slice(module.text.lastIndexOf('.') + 1), options };
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    GAP.lastIndex = at;
    if (GAP.test(text)) at = GAP.lastIndex;
    if (at >= text.length) return tokens;
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    if (match === null) throw malformed('a quoted text is not closed');
    at = TOKEN.lastIndex;
    const quoted = match[1] ?? match[2];
    if (quoted !== undefined) tokens.push({ text: unquote(quoted), isMark: false });
    else tokens.push({ text: (match[3] ?? match[4])!, isMark: match[3] !== undefined });
  }
}

/** Java's StreamTokenizer: the usual letters, octal numbers, and any other character for itself. */
const unquote = (text: string): string =>
  text.replace(/\\([0-3]?[0-7]{1,2}|.)/gs, (_, what: string) =>
    /^[0-7]/.test(what) ? String.fromCharCode(Number.parseInt(what, 8)) : (ESCAPES[what] ?? what),
  );

const malformed = (rule: string): ConfigError =>
  new ConfigError(`${KEY} cannot be read: ${rule}`, {
    hint: `Write ${KEY}=org.apache.kafka.common.security.plain.PlainLoginModule required username="USER" password="PASSWORD";`,
  });
