/** Connector files in every form Connect knows: `.properties`, a flat JSON map, `{name, config, initial_state}`; YAML too. */
import { nearest } from '../../kernel';
import { type Document, type FileIssue, issueAt, type Tree } from './document';
import { FlatConfig, flattenInto, isMap, type Place } from './flatten';

export type InitialState = 'RUNNING' | 'PAUSED' | 'STOPPED';

/** A connector as a file asks for it; nothing is resolved or checked against a plug-in yet. */
export interface ConnectorSpec {
  readonly file: string;
  /** Empty when the file forgot it. */
  readonly name: string;
  /** Raw configuration, `name` included. */
  readonly config: Readonly<Record<string, string>>;
  readonly initialState: InitialState;
  /** What a pipeline file says it is; null when only the class tells. */
  readonly kind: 'source' | 'sink' | null;
  /** Line of a key; of the nearest thing it belongs to when it is not written. */
  lineOf(key: string): number | null;
  readonly issues: readonly FileIssue[];
}

const WRAPPER_KEYS = ['name', 'config', 'initial_state'];
export const INITIAL_STATES: readonly InitialState[] = ['RUNNING', 'PAUSED', 'STOPPED'];

export const isWrapped = (root: { readonly [key: string]: Tree }): boolean =>
  isMap(root.config) && !('connector.class' in root);

export function readConnector(document: Document): ConnectorSpec {
  const { file, root } = document;
  const issues = [...document.issues];
  const flat = new FlatConfig();
  const complain = (place: Place, message: string, about?: Partial<FileIssue>): void => {
    issues.push(issueAt(file, document.lineOf(place), message, about));
  };
  let initialState: InitialState = 'RUNNING';
  if (root !== null) {
    const wrapped = isWrapped(root);
    const base: Place = wrapped ? ['config'] : [];
    const config = (wrapped ? root.config : root) as { readonly [key: string]: Tree };
    for (const [key, value] of Object.entries(config))
      flattenInto(flat, key, value, [...base, key], complain);
    if (wrapped) initialState = readWrapper(root, flat, complain);
  }
  const name = flat.values.name ?? '';
  const lineOf = (key: string): number | null => document.lineOf(flat.placeOf(key) ?? ['config']) ?? 1;
  return { file, name, config: flat.values, initialState, kind: null, lineOf, issues };
}

function readWrapper(
  root: { readonly [key: string]: Tree },
  flat: FlatConfig,
  complain: (place: Place, message: string, about?: Partial<FileIssue>) => void,
): InitialState {
  for (const key of Object.keys(root)) {
    if (WRAPPER_KEYS.includes(key)) continue;
    const meant = nearest(key, WRAPPER_KEYS);
    complain([key], `Unrecognized field "${key}".${meant === null ? '' : ` Did you mean ${meant}?`}`, {
      key,
    });
  }
  const name = typeof root.name === 'string' ? root.name.trim() : '';
  const inner = flat.values.name;
  if (inner === undefined && name !== '') flat.set('name', name, ['name']);
  else if (name !== '' && inner !== name) {
    const message = `Connector name configuration (${inner}) doesn't match connector name "${name}" beside it`;
    complain(['config', 'name'], message, { key: 'name', value: inner });
  }
  return readInitialState(root.initial_state, ['initial_state'], complain);
}

export function readInitialState(
  value: Tree | undefined,
  place: Place,
  complain: (place: Place, message: string, about?: Partial<FileIssue>) => void,
): InitialState {
  if (value === undefined) return 'RUNNING';
  const state = INITIAL_STATES.find((known) => known === String(value).toUpperCase());
  if (state !== undefined) return state;
  const key = String(place.at(-1));
  const meant = nearest(String(value), INITIAL_STATES);
  const hint = meant === null ? '' : ` Did you mean ${meant}?`;
  const message = `Invalid value ${String(value)} for ${key}: must be one of ${INITIAL_STATES.join(', ')}.${hint}`;
  complain(place, message, { key, value: String(value) });
  return 'RUNNING';
}
