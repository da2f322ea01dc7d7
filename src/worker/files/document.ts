/** A configuration file as a tree that knows the line of everything in it, whatever its format. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { ConfigError, MillraceError } from '../../kernel';
import { parseProperties } from './properties';

export type ConfigFormat = 'properties' | 'json' | 'yaml';

export interface FileIssue {
  readonly file: string;
  /** 1-based; null when the issue concerns the file as a whole. */
  readonly line: number | null;
  readonly key: string | null;
  /** As written; null when absent or secret. */
  readonly value: string | null;
  readonly message: string;
  readonly severity: 'error' | 'warning';
}

export type Tree = string | number | boolean | null | readonly Tree[] | { readonly [key: string]: Tree };

export interface Document {
  readonly file: string;
  readonly format: ConfigFormat;
  /** A map for every usable file; null when the file could not be parsed (the issues say why). */
  readonly root: { readonly [key: string]: Tree } | null;
  readonly issues: readonly FileIssue[];
  /** Line of what stands at a path of keys and indexes; null when nothing does. */
  lineOf(path: readonly (string | number)[]): number | null;
}

/** An error about a place in a file; `about` adds key and value, or makes it a warning. */
export function issueAt(
  file: string,
  line: number | null,
  message: string,
  about: Partial<FileIssue> = {},
): FileIssue {
  const issue: FileIssue = { file, line, key: null, value: null, message, severity: 'error', ...about };
  return SECRET.test(issue.key ?? '') ? { ...issue, value: null } : issue;
}

/** Misspelt keys of secrets have no type to tell them by. */
const SECRET = /passw|secret|token|jaas|credential|user\.info/i;

/** Wrong configuration files; the message has every issue on a line of its own. */
export class FileIssuesError extends ConfigError {
  constructor(readonly issues: readonly FileIssue[]) {
    super(issues.map(issueText).join('\n'));
  }
}

/** `file:line: key: message`, as compilers and editors write it. */
export function issueText({ file, line, key, message, severity }: FileIssue): string {
  const place = line === null ? file : `${file}:${line}`;
  const subject = key === null || message.includes(key) ? '' : `${key}: `;
  return `${place}: ${severity === 'warning' ? 'warning: ' : ''}${subject}${message}`;
}

/** Reads and parses a file. Throws FILE_UNREADABLE when it is missing; what is wrong inside it comes back as issues. */
export async function readDocument(file: string): Promise<Document> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw unreadable(file, error);
  });
  return parseDocument(file, decode(bytes));
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'this user may not read it',
  EISDIR: 'it is a directory',
};

export const unreadable = (file: string, error: NodeJS.ErrnoException): MillraceError =>
  new MillraceError('FILE_UNREADABLE', `cannot read ${file}: ${REASONS[error.code ?? ''] ?? error.message}`, {
    hint: `Paths are relative to ${process.cwd()}.`,
  });

/** Java reads .properties as Latin-1; files written today are UTF-8. What is not valid UTF-8 is taken as Latin-1. */
function decode(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  return text.includes('\uFFFD') ? bytes.toString('latin1') : text;
}

/** As Connect does, JSON is tried first for a file whose name does not tell. */
function formatOf(file: string, text: string): ConfigFormat {
  const extension = path.extname(file).toLowerCase();
  if (extension === '.yaml' || extension === '.yml') return 'yaml';
  return extension === '.json' || text.trimStart().startsWith('{') ? 'json' : 'properties';
}

export function parseDocument(file: string, text: string): Document {
  const format = formatOf(file, text);
  if (format === 'properties') return propertiesDocument(file, text);
  // The yaml package is only loaded for files that need it.
  const { jsonDocument, yamlDocument } = require('./structured') as typeof import('./structured');
  return format === 'json' ? jsonDocument(file, text) : yamlDocument(file, text);
}

function propertiesDocument(file: string, text: string): Document {
  const { properties, problems } = parseProperties(text);
  const lines = new Map<string, number>();
  const root: Record<string, Tree> = {};
  const issues: FileIssue[] = problems.map(({ line, message }) => issueAt(file, line, message));
  for (const { key, value, line } of properties) {
    const before = lines.get(key);
    if (before !== undefined) {
      const message = `${key} is already set on line ${before}; this line wins`;
      issues.push(issueAt(file, line, message, { key, severity: 'warning' }));
    }
    lines.set(key, line);
    root[key] = value;
  }
  return { file, format: 'properties', root, issues, lineOf: ([key]) => lines.get(String(key)) ?? null };
}
