/** Worker and registry files: flat keys in any format. */
import { type Document, type FileIssue, issueAt } from './document';
import { FlatConfig, flattenInto } from './flatten';

export interface FlatFile {
  readonly name: string;
  readonly values: Readonly<Record<string, string>>;
  lineOf(key: string): number | null;
  readonly issues: readonly FileIssue[];
}

export function readFlatFile(document: Document): FlatFile {
  const { file, root } = document;
  const flat = new FlatConfig();
  const issues = [...document.issues];
  for (const [key, value] of Object.entries(root ?? {})) {
    flattenInto(flat, key, value, [key], (place, message, about) => {
      issues.push(issueAt(file, document.lineOf(place), message, about));
    });
  }
  const lineOf = (key: string): number | null => document.lineOf(flat.placeOf(key) ?? [key]);
  return { name: file, values: flat.values, lineOf, issues };
}
