/** The JAAS file of Connect's extension for Basic authentication: which file has the users. */
import { ConfigError } from '../kernel';

const ENTRY = 'KafkaConnect';
const MODULE = 'org.apache.kafka.connect.rest.basic.auth.extension.PropertyFileLoginModule';

/** `KafkaConnect { …PropertyFileLoginModule required file="…"; };` @throws ConfigError */
export function usersFileOf(jaas: string, path: string): string {
  const wrong = (why: string) =>
    new ConfigError(`${path}: ${why}.`, {
      hint: `Write ${ENTRY} { ${MODULE} required file="/path/to/users.properties"; };`,
    });
  const entry = tokensOf(jaas, ENTRY);
  if (entry === null) throw wrong(`there is no entry ${ENTRY}`);
  const [name, control, ...options] = entry;
  if (name !== MODULE) throw wrong(`the login module ${name ?? 'of the entry'} is not known here`);
  if (control?.toLowerCase() !== 'required' && control?.toLowerCase() !== 'requisite')
    throw wrong('the login module is not marked as required');
  const at = options.findIndex((token, i) => token === 'file' && options[i + 1] === '=');
  const file = at < 0 ? '' : (options[at + 2] ?? '');
  if (file === '') throw wrong('the login module has no file');
  return file;
}

/** Tokens of the first module of an entry; null without the entry. */
function tokensOf(text: string, entry: string): string[] | null {
  const tokens = text.match(TOKENS) ?? [];
  const words = tokens.filter((token) => !/^(\/\*|\/\/|#)/.test(token)).map(unquoted);
  const at = words.findIndex((word, i) => word === entry && words[i + 1] === '{');
  if (at < 0) return null;
  const end = words.findIndex((word, i) => i > at && (word === ';' || word === '}'));
  return words.slice(at + 2, end < 0 ? undefined : end);
}

const TOKENS = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|#[^\n]*|"(?:\\.|[^"\\])*"|[{};=]|[^\s{};="]+/g;

const unquoted = (token: string): string =>
  token.startsWith('"') ? token.slice(1, -1).replace(/\\(.)/g, '$1') : token;
