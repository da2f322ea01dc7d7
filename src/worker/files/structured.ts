/** JSON and YAML files with line numbers. */
import { isMap, isNode, isPair, LineCounter, parseDocument as parseYaml, visit } from 'yaml';
import { type ConfigFormat, type Document, type FileIssue, issueAt, type Tree } from './document';
import { jsonErrorOffset } from './json-error';

interface Parsed {
  readonly errors: readonly { readonly message: string; readonly pos: readonly [number, number] }[];
  readonly counter: LineCounter;
  readonly document: ReturnType<typeof parseYaml>;
}

function parse(text: string): Parsed {
  const counter = new LineCounter();
  const document = parseYaml(text, { lineCounter: counter, prettyErrors: false, merge: true });
  return { errors: document.errors, counter, document };
}

/** Line of the key at a path (of the item, for lists). */
function lineAt({ document, counter }: Parsed, path: readonly (string | number)[]): number | null {
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  const last = path.at(-1);
  let node: unknown = document.getIn(path, true);
  if (isMap(parent)) {
    const pair = parent.items.find((item) => isPair(item) && String(item.key) === String(last));
    node = pair?.key ?? node;
  }
  return isNode(node) && node.range ? counter.linePos(node.range[0]).line : null;
}

function document(
  file: string,
  format: ConfigFormat,
  tree: unknown,
  issues: readonly FileIssue[],
  lineOf: Document['lineOf'],
): Document {
  const usable = typeof tree === 'object' && tree !== null && !Array.isArray(tree);
  const shape = usable || issues.length > 0 ? [] : [issueAt(file, 1, 'The file must hold a map of keys.')];
  return {
    file,
    format,
    root: usable ? (tree as { [key: string]: Tree }) : null,
    issues: [...issues, ...shape],
    lineOf,
  };
}

export function yamlDocument(file: string, text: string): Document {
  const parsed = parse(text);
  const issues = parsed.errors.map(({ message, pos }) =>
    issueAt(file, parsed.counter.linePos(pos[0]).line, `YAML: ${message}`),
  );
  keepNumbersAsWritten(parsed.document);
  const tree: unknown = issues.length > 0 ? null : parsed.document.toJS();
  return document(file, 'yaml', tree, issues, (path) => lineAt(parsed, path));
}

/** Configuration values are text: `1.10` stays `1.10`, `0x1f` stays `0x1f`. */
function keepNumbersAsWritten(document: Parsed['document']): void {
  visit(document, {
    Scalar(_key, node) {
      if (typeof node.value === 'number') node.value = node.source ?? String(node.value);
    },
  });
}

/** Values are those of JSON.parse; lines come from the YAML parser, which reads JSON too, once somebody asks for one. */
export function jsonDocument(file: string, text: string): Document {
  let parsed: Parsed | null = null;
  const lineOf = (path: readonly (string | number)[]): number | null => {
    parsed ??= parse(text.replaceAll('\t', ' '));
    return lineAt(parsed, path);
  };
  try {
    return document(file, 'json', JSON.parse(text), [], lineOf);
  } catch {
    return document(file, 'json', null, [jsonIssue(file, text)], lineOf);
  }
}

function jsonIssue(file: string, text: string): FileIssue {
  const offset = jsonErrorOffset(text);
  const line = text.slice(0, offset).trimEnd().split('\n').length;
  if (offset >= text.trimEnd().length) return issueAt(file, line, 'JSON: the text ends too early');
  const found = /\w+|./.exec(text.slice(offset))![0];
  const exact = text.slice(0, offset).split('\n').length;
  return issueAt(file, exact, `JSON: ${JSON.stringify(found)} cannot stand here`);
}
