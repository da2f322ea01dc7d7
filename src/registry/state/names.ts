/** Subject names. `:.ctx:name` is a subject of the context `.ctx`; a name without prefix is of the default context `.`. */

export const DEFAULT_CONTEXT = '.';

export interface SubjectName {
  readonly context: string;
  /** Without the context. */
  readonly plain: string;
  /** The one spelling of the whole name: no prefix in the default context. */
  readonly qualified: string;
}

export function parseSubject(text: string): SubjectName {
  const match = /^:(\.[^:]*):(.*)$/s.exec(text);
  if (match === null) return { context: DEFAULT_CONTEXT, plain: text, qualified: text };
  const [, context, plain] = match as unknown as [string, string, string];
  return { context, plain, qualified: qualify(context, plain) };
}

const qualify = (context: string, plain: string): string =>
  context === DEFAULT_CONTEXT ? plain : `:${context}:${plain}`;

/** A subject named inside a schema of another subject: without a context of its own it is of the same one. */
export function relativeSubject(text: string, context: string): string {
  const name = parseSubject(text);
  return text.startsWith(':.') ? name.qualified : qualify(context, name.plain);
}

/** The subject whose settings hold for a whole context; null for the default context, whose settings are the global ones. */
export const contextSubject = (context: string): string | null =>
  context === DEFAULT_CONTEXT ? null : `:${context}:`;

const RESERVED: ReadonlySet<string> = new Set(['__GLOBAL', '__EMPTY']);

/** Whether a name may be used: control characters and the two reserved names are refused. */
export function isValidSubject(text: string): boolean {
  const { plain } = parseSubject(text);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that are refused
  return text !== '' && !RESERVED.has(plain) && !/[\u0000-\u001f\u007f-\u009f]/.test(text);
}

/** `:*:prefix` looks into all contexts, `:.ctx:prefix` into one, anything else into the default one. */
export function subjectMatcher(prefix: string): (name: SubjectName) => boolean {
  if (prefix.startsWith(':*:')) {
    const rest = prefix.slice(3);
    return ({ plain }) => plain.startsWith(rest);
  }
  const wanted = parseSubject(prefix);
  return ({ context, plain }) => context === wanted.context && plain.startsWith(wanted.plain);
}
