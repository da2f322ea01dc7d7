/**
 * The pipeline file: sources and sinks of one purpose in one YAML or JSON file. It is Connect's configuration with less
 * to write; every section becomes a connector of flat Connect keys (README.md of this room has the rules).
 */
import { nearest } from '../../kernel';
import { type ConnectorSpec, type InitialState, readInitialState } from './connector-file';
import { type Document, type FileIssue, issueAt, type Tree } from './document';
import { FlatConfig, flattenInto, isMap, type Place } from './flatten';

type TreeMap = { readonly [key: string]: Tree };

export interface PipelineFile {
  readonly file: string;
  /** `name:` of the file, else its base name. */
  readonly name: string;
  /** Worker keys from the `worker:` section. */
  readonly worker: Readonly<Record<string, string>>;
  workerLineOf(key: string): number | null;
  readonly connectors: readonly ConnectorSpec[];
  readonly issues: readonly FileIssue[];
}

export const PIPELINE_KEYS = ['name', 'description', 'worker', 'converters', 'sources', 'sinks'] as const;
export const CONVERTER_ROLES = ['key', 'value', 'header'] as const;

export const isPipeline = (root: TreeMap): boolean => isMap(root.sources) || isMap(root.sinks);

export function readPipeline(document: Document): PipelineFile {
  return new PipelineReader(document).read();
}

class PipelineReader {
  readonly #issues: FileIssue[];

  constructor(readonly document: Document) {
    this.#issues = [...document.issues];
  }

  read(): PipelineFile {
    const { file, root } = this.document;
    const worker = new FlatConfig();
    const connectors: ConnectorSpec[] = [];
    if (root !== null) {
      this.#checkKeys(root);
      if (isMap(root.worker)) this.#flattenMap(worker, '', root.worker, ['worker']);
      for (const kind of ['source', 'sink'] as const) {
        connectors.push(...this.#readSections(kind, root[`${kind}s`], root.converters));
      }
      this.#refuseTwins(connectors);
    }
    const name = typeof root?.name === 'string' ? root.name : file.replace(/^.*\/|\.[^.]*$/g, '');
    const workerLineOf = (key: string): number | null =>
      this.document.lineOf(worker.placeOf(key) ?? ['worker']);
    return { file, name, worker: worker.values, workerLineOf, connectors, issues: this.#issues };
  }

  #complain = (place: Place, message: string, about?: Partial<FileIssue>): void => {
    this.#issues.push(issueAt(this.document.file, this.document.lineOf(place), message, about));
  };

  #checkKeys(root: TreeMap): void {
    for (const key of Object.keys(root)) {
      if ((PIPELINE_KEYS as readonly string[]).includes(key)) continue;
      const meant = nearest(key, PIPELINE_KEYS);
      const hint = meant === null ? ` Known are ${PIPELINE_KEYS.join(', ')}.` : ` Did you mean ${meant}?`;
      this.#complain([key], `Unknown key ${key} in a pipeline file.${hint}`, { key });
    }
  }

  #flattenMap(flat: FlatConfig, prefix: string, map: TreeMap, place: Place): void {
    for (const [key, value] of Object.entries(map)) {
      flattenInto(flat, prefix + key, value, [...place, key], this.#complain);
    }
  }

  #readSections(
    kind: 'source' | 'sink',
    sections: Tree | undefined,
    converters: Tree | undefined,
  ): ConnectorSpec[] {
    if (sections === undefined) return [];
    const place = [`${kind}s`];
    if (!isMap(sections)) {
      this.#complain(place, `${kind}s must be a map: the name of each ${kind}, then its configuration`);
      return [];
    }
    return Object.entries(sections).map(([name, section]) =>
      this.#readSection(kind, name, section, [...place, name], converters),
    );
  }

  #readSection(
    kind: 'source' | 'sink',
    name: string,
    section: Tree,
    place: Place,
    converters: Tree | undefined,
  ): ConnectorSpec {
    const flat = new FlatConfig();
    let initialState: InitialState = 'RUNNING';
    flat.set('name', name, place);
    if (isMap(section)) {
      this.#readConverters(flat, converters, ['converters']);
      for (const [key, value] of Object.entries(section)) {
        if (key === 'state') initialState = readInitialState(value, [...place, key], this.#complain);
        else this.#readKey(flat, key, value, [...place, key]);
      }
    } else {
      this.#complain(place, `${kind} ${name} needs a map of configuration keys`, { key: name });
    }
    const { file } = this.document;
    const lineOf = (key: string): number | null => this.document.lineOf(flat.placeOf(key) ?? place);
    return { file, name, config: flat.values, initialState, kind, lineOf, issues: [] };
  }

  /** The five short forms; everything else is a key of Connect or of the connector. */
  #readKey(flat: FlatConfig, key: string, value: Tree, place: Place): void {
    if (key === 'connector') flattenInto(flat, 'connector.class', value, place, this.#complain);
    else if (key === 'tasks') flattenInto(flat, 'tasks.max', value, place, this.#complain);
    else if (key === 'converters') this.#readConverters(flat, value, place);
    else if (key === 'transforms' && isListOfMaps(value)) this.#readTransforms(flat, value, place);
    else if (key === 'predicates' && isMap(value)) this.#readPredicates(flat, value, place);
    else flattenInto(flat, key, value, place, this.#complain);
  }

  /** `converters: {key: string, value: {type: avro, …}}`; a connector's own replaces that of the file as a whole. */
  #readConverters(flat: FlatConfig, converters: Tree | undefined, place: Place): void {
    if (converters === undefined) return;
    if (!isMap(converters)) {
      this.#complain(place, 'converters must be a map with key, value or header', { key: 'converters' });
      return;
    }
    for (const [role, value] of Object.entries(converters)) {
      const at = [...place, role];
      if (!(CONVERTER_ROLES as readonly string[]).includes(role)) {
        const message = `Unknown key ${role} in converters. Known are ${CONVERTER_ROLES.join(', ')}.`;
        this.#complain(at, message, { key: role });
        continue;
      }
      const prefix = `${role}.converter`;
      for (const key of Object.keys(flat.values)) if (key.startsWith(prefix)) delete flat.values[key];
      this.#readTyped(flat, prefix, prefix, value, at);
    }
  }

  /** A plug-in by its type alone, or a map of `type` and the plug-in's keys. */
  #readTyped(flat: FlatConfig, typeKey: string, prefix: string, value: Tree, place: Place): void {
    if (!isMap(value)) {
      flattenInto(flat, typeKey, value, place, this.#complain);
      return;
    }
    flat.places.set(prefix, place);
    for (const [key, child] of Object.entries(value)) {
      const name = key === 'type' ? typeKey : `${prefix}.${key}`;
      flattenInto(flat, name, child, [...place, key], this.#complain);
    }
  }

  #readTransforms(flat: FlatConfig, transforms: readonly TreeMap[], place: Place): void {
    const names: string[] = [];
    transforms.forEach((transform, index) => {
      const { name, ...rest } = transform;
      const alias = typeof name === 'string' ? name : freeName(shortName(rest.type), names);
      names.push(alias);
      this.#readTyped(flat, `transforms.${alias}.type`, `transforms.${alias}`, rest, [...place, index]);
    });
    flat.set('transforms', names.join(','), place);
  }

  #readPredicates(flat: FlatConfig, predicates: TreeMap, place: Place): void {
    for (const [name, value] of Object.entries(predicates)) {
      this.#readTyped(flat, `predicates.${name}.type`, `predicates.${name}`, value, [...place, name]);
    }
    flat.set('predicates', Object.keys(predicates).join(','), place);
  }

  /** Sources and sinks are connectors alike, and connector names are unique. */
  #refuseTwins(connectors: readonly ConnectorSpec[]): void {
    const seen = new Set<string>();
    for (const { name, kind } of connectors) {
      if (seen.has(name))
        this.#complain([`${kind}s`, name], `${name} is the name of a source already`, { key: name });
      seen.add(name);
    }
  }
}

const isListOfMaps = (value: Tree): value is readonly TreeMap[] =>
  Array.isArray(value) && value.length > 0 && value.every((item) => isMap(item as Tree));

/** `insertField` for `org.apache.kafka.connect.transforms.InsertField$Value`. */
function shortName(type: Tree | undefined): string {
  const simple = String(type ?? 'transform').replace(/^.*\.|\$.*$/g, '');
  return simple.charAt(0).toLowerCase() + simple.slice(1);
}

function freeName(name: string, taken: readonly string[]): string {
  let free = name;
  for (let n = 2; taken.includes(free); n++) free = `${name}${n}`;
  return free;
}
