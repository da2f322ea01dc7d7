/** The Markdown files of the repository, taken apart for what can be checked in them. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { repositoryRoot } from '../support/process';

export interface Block {
  /** `docs/operate.md:12`, the line of the fence. */
  readonly at: string;
  /** First word behind the fence; empty without one. */
  readonly language: string;
  readonly text: string;
}

export interface Page {
  /** Relative to the repository. */
  readonly file: string;
  readonly text: string;
  readonly blocks: readonly Block[];
}

const FOLDERS = ['docs', 'connectors', 'src', 'bench', 'config', 'test'];

export function readPages(): Page[] {
  const files = FOLDERS.flatMap(filesBelow).filter((file) => file.endsWith('.md'));
  return ['README.md', ...files].map(readPage);
}

function readPage(file: string): Page {
  const text = readFileSync(path.join(repositoryRoot, file), 'utf8');
  return { file, text, blocks: blocksOf(file, text) };
}

/** Files below a folder of the repository in the order of their names, relative to the repository. */
export const filesBelow = (folder: string): string[] =>
  readdirSync(path.join(repositoryRoot, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(repositoryRoot, path.join(entry.parentPath, entry.name)))
    .sort();

const FENCE = /^( *)```(\S*)[^\n]*\n(.*?)^\1```$/gms;

function blocksOf(file: string, text: string): Block[] {
  return [...text.matchAll(FENCE)].map((match) => {
    const [, indent = '', language = '', body = ''] = match;
    const line = text.slice(0, match.index).split('\n').length;
    return { at: `${file}:${line}`, language, text: body.replaceAll(new RegExp(`^${indent}`, 'gm'), '') };
  });
}

/** Text without fenced blocks: what stands there is no prose. */
export const proseOf = ({ text }: Page): string => text.replace(FENCE, '');

/** `code` in prose. */
export const codeSpans = (page: Page): string[] =>
  [...proseOf(page).matchAll(/`([^`\n]+)`/g)].map(([, code]) => code!);

/** Code that is indented instead of fenced. */
export const indentedBlocks = (page: Page): string[] =>
  [...proseOf(page).matchAll(/(?<=\n\n)(?: {4,}\S.*\n|\n(?= {4}))+/g)].map(([code]) =>
    code.replaceAll(/^ {4}/gm, ''),
  );

/** Lines of shell blocks, of indented code and of code in prose, without comments. */
export function codeLines(page: Page): string[] {
  const shell = page.blocks.filter(({ language }) => /^(sh|bash|shell|console|text)$/.test(language));
  return [...shell.map(({ text }) => text), ...indentedBlocks(page), ...codeSpans(page)]
    .flatMap((text) => text.split('\n'))
    .map((line) => line.replace(/(^|\s)#.*$/, '').trim())
    .filter((line) => line !== '');
}
