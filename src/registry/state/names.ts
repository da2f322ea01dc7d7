/**
 * Subject names. `:.ctx:name` is a subject of the context `.ctx`; a name without prefix is of the default context `.`.
 * A context without a name behind it (`:.ctx:`) names the settings of the whole context.
 */

export const DEFAULT_CONTEXT = '.';
/** Not a context of schemas: its settings hold in all contexts. */
export const GLOBAL_SCOPE = ':.__GLOBAL:';
const GLOBAL_CONTEXT = '.__GLOBAL';

export interface SubjectName {
  readonly context: string;
  /** Without the context. */
  readonly plain: string;
  /** The one spelling of the whole name: no prefix in the default context. */
  readonly qualified: string;
}

export function parseSubject(text: string): SubjectName {
  const match = /^:(\.[^:]*)(?::(.*))?$/s.exec(text);
  if (match === null) return { context: DEFAULT_CONTEXT, plain: text, qualified: text };
  const [, context = DEFAULT_CONTEXT, plain = ''] = match;
  return { context, plain, qualified: qualify(context, plain) };
}

export const qualify = (context: string, plain: string): string =>
  context === DEFAULT_CONTEXT ? plain : `:${context}:${plain}`;

/** A subject named inside a schema of another subject: without a context of its own it is of the same one. */
export function relativeSubject(text: string, context: string): string {
  const name = parseSubject(text);
  return text.startsWith(':.') ? name.qualified : qualify(context, name.plain);
}

/** The scope of settings that a name stands for; null: all subjects. */
export function parseScope(text: string): string | null {
  const { qualified } = parseSubject(text);
  return qualified === '' ? null : qualified;
}

/** Whether a name is of a scope: the same one, or in the context that the scope is, or the scope is all. */
export function isInScope({ context, qualified }: SubjectName, scope: string | null): boolean {
  if (scope === null || scope === GLOBAL_SCOPE || scope === qualified) return true;
  return scope === contextPrefix(context);
}

const RESERVED: ReadonlySet<string> = new Set(['__GLOBAL', '__EMPTY']);

/** Whether schemas may be kept under a name: control characters, reserved names and contexts alone are refused. */
export function isValidSubject(text: string): boolean {
  const { context, plain } = parseSubject(text);
  return plain !== '' && context !== GLOBAL_CONTEXT && isValidScope(text);
}

/** Whether a name may have settings: those of contexts may. */
export function isValidScope(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that are refused
  return !RESERVED.has(parseSubject(text).plain) && !/[\u0000-\u001f\u007f-\u009f]/.test(text);
}

/** The name of a context as in a path, with or without its dot and colons. Null: it cannot be one. */
export function parseContext(text: string): string | null {
  const name = text.replace(/^:/, '').replace(/:$/, '');
  if (name.includes(':')) return null;
  return name.startsWith('.') ? name : `.${name}`;
}

/** What a subject of this context is written with: nothing in the default one. */
export const contextPrefix = (context: string): string => qualify(context, '');

/** `:*:prefix` looks into all contexts, `:.ctx:prefix` into one, anything else into the default one. */
export function subjectMatcher(prefix: string): (name: SubjectName) => boolean {
  if (prefix.startsWith(':*:')) {
    const rest = prefix.slice(3);
    return ({ plain }) => plain.startsWith(rest);
  }
  const wanted = parseSubject(prefix);
  return ({ context, plain }) => context === wanted.context && plain.startsWith(wanted.plain);
}
