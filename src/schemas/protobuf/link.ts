/** Names made definite: which message or enum each field means, over imports. Whether declarations are right: `check.ts`. */
import { DataError } from '../../kernel';
import { allFields, inScope, isScalar, type ProtoField, type ProtoFile, type ProtoType } from './ast';
import { builtinProto, META_PATH } from './builtin';
import { foldMapEntries } from './map-entries';

/** A file with the path it is imported by. `file` may be read when it is asked for. */
export interface NamedFile {
  readonly path: string;
  readonly file: ProtoFile;
}

export interface Declared {
  /** Without leading dot: `com.acme.Order.Line` */
  readonly fullName: string;
  readonly type: ProtoType;
  /** The file that declares it: names inside the type mean what they mean there. */
  readonly home: LinkedProto;
}

/** A field that an `extend` adds to another message. */
export interface Extension {
  /** `confluent.field_meta` */
  readonly fullName: string;
  /** As written; what it means, `home.resolve` says. */
  readonly extendee: string;
  readonly field: ProtoField;
  /** Full name of the message around it, or the package. */
  readonly scope: string;
  readonly home: LinkedProto;
}

export interface LinkedProto {
  /** Map entries that were written as messages are maps here. */
  readonly file: ProtoFile;
  /** The file as it was written. */
  readonly written: ProtoFile;
  /** Messages and enums of the file itself, by full name, in the order of the file, nested ones after their parent. */
  readonly own: ReadonlyMap<string, Declared>;
  /** Own extensions, by full name. */
  readonly extensions: ReadonlyMap<string, Extension>;
  readonly imports: readonly LinkedProto[];
  /** Full name of the type that a name means within a message (full name) or the file (empty); null for scalars. */
  resolve(name: string, scope: string): string | null;
  /** Own or imported. */
  find(fullName: string): Declared | undefined;
  /** The extension that the name of an option means; those of Confluent need no import. */
  resolveExtension(name: string, scope: string): Extension | undefined;
}

/** A package or name of more parts is made to hang somebody. */
const MAX_PARTS = 100;

/**
 * @param files those that are imported, directly or not; what is missing among them and not built in is an error
 * @throws DataError that names the declaration; unknown types are only told when `resolve` is asked for them
 */
export const linkProto = (file: ProtoFile, files: readonly NamedFile[]): LinkedProto =>
  new Linker(files).link(file);

class Linker {
  readonly #byPath: ReadonlyMap<string, NamedFile>;
  /** Null: being linked. */
  readonly #linked = new Map<string, LinkedProto | null>();

  constructor(files: readonly NamedFile[]) {
    this.#byPath = new Map(files.map((named) => [named.path, named]));
  }

  link(written: ProtoFile): LinkedProto {
    checkDepth(written.package ?? '', 'the package');
    const imports = written.imports.map(({ path }) => this.#import(path));
    return new LinkedFile(written, imports);
  }

  #import(path: string): LinkedProto {
    const known = this.#linked.get(path);
    if (known) return known;
    if (known === null) throw new DataError(`the import "${path}" leads back to itself`);
    const file = this.#byPath.get(path)?.file;
    const linked = file === undefined ? builtinLinked(path) : this.#linkImport(path, file);
    if (linked === undefined)
      throw new DataError(`the import "${path}" is not among the references: add one of that name`);
    this.#linked.set(path, linked);
    return linked;
  }

  #linkImport(path: string, file: ProtoFile): LinkedProto {
    this.#linked.set(path, null);
    return this.link(file);
  }
}

const builtins = new Map<string, LinkedProto>();

/** Built-in files import built-in files alone, so they are linked once. Undefined for other paths. */
export function builtinLinked(path: string): LinkedProto | undefined {
  const known = builtins.get(path);
  const file = known === undefined ? builtinProto(path) : undefined;
  if (file === undefined) return known;
  const linked = linkProto(file, []);
  builtins.set(path, linked);
  return linked;
}

class LinkedFile implements LinkedProto {
  readonly own = new Map<string, Declared>();
  readonly extensions = new Map<string, Extension>();
  readonly #visible: ReadonlySet<LinkedProto>;
  readonly #known: ReadonlyMap<string, Declared>;
  readonly #packages: readonly string[];

  readonly file: ProtoFile;

  constructor(
    readonly written: ProtoFile,
    readonly imports: readonly LinkedProto[],
  ) {
    const file = foldMapEntries(written);
    this.file = file;
    const scope = file.package ?? '';
    for (const type of file.types) this.#declare(type, scope);
    this.#declareExtensions(file.extends, scope);
    this.#visible = visibleFrom(this);
    this.#known = this.#allKnown(this.#visible);
    this.#packages = [...new Set([this, ...this.#visible].map((each) => each.file.package ?? ''))];
  }

  #declare(type: ProtoType, scope: string): void {
    const fullName = inScope(scope, type.name);
    if (this.own.has(fullName)) throw new DataError(`${fullName} is declared twice`);
    this.own.set(fullName, { fullName, type, home: this });
    if (type.kind === 'enum') return;
    for (const inner of type.types) this.#declare(inner, fullName);
    for (const field of allFields(type)) {
      if (field.type.kind === 'group') this.#declare(field.type.message, fullName);
    }
    this.#declareExtensions(type.extends, fullName);
  }

  #declareExtensions(extensions: ProtoFile['extends'], scope: string): void {
    for (const { name: extendee, fields } of extensions) {
      for (const field of fields) {
        const fullName = inScope(scope, field.name);
        this.extensions.set(fullName, { fullName, extendee, field, scope, home: this });
      }
    }
  }

  #allKnown(visible: ReadonlySet<LinkedProto>): ReadonlyMap<string, Declared> {
    if (visible.size === 0) return this.own;
    const known = new Map(this.own);
    for (const { own } of visible) {
      for (const [name, declared] of own) {
        if (this.own.has(name)) throw new DataError(`${name} is declared in an imported file, too`);
        known.set(name, declared);
      }
    }
    return known;
  }

  find(fullName: string): Declared | undefined {
    return this.#known.get(fullName);
  }

  /** The innermost scope that knows the first part of the name decides, as in C++. */
  resolve(name: string, scope: string): string | null {
    if (isScalar(name)) return null;
    if (name.startsWith('.')) {
      if (this.#known.has(name.slice(1))) return name.slice(1);
      throw unknownType(name, scope);
    }
    const first = name.split('.', 1)[0]!;
    const start = scope === '' ? (this.file.package ?? '') : scope;
    for (let at: string | null = start; at !== null; at = outer(at)) {
      const begin = inScope(at, first);
      const isKnown = this.#known.has(begin) || (first !== name && this.#isPackage(begin));
      if (isKnown && this.#known.has(inScope(at, name))) return inScope(at, name);
    }
    throw unknownType(name, scope);
  }

  resolveExtension(name: string, scope: string): Extension | undefined {
    if (name.startsWith('.')) return this.#extension(name.slice(1));
    const start = scope === '' ? (this.file.package ?? '') : scope;
    for (let at: string | null = start; at !== null; at = outer(at)) {
      const found = this.#extension(inScope(at, name));
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #extension(fullName: string): Extension | undefined {
    for (const { extensions } of [this, ...this.#visible]) {
      const found = extensions.get(fullName);
      if (found !== undefined) return found;
    }
    return fullName.startsWith('confluent.') ? builtinLinked(META_PATH)?.extensions.get(fullName) : undefined;
  }

  #isPackage(name: string): boolean {
    return this.#packages.some((each) => each === name || each.startsWith(`${name}.`));
  }
}

/** Imported files, and what these import publicly. */
function visibleFrom(linked: LinkedProto): ReadonlySet<LinkedProto> {
  const visible = new Set<LinkedProto>();
  const visit = (from: LinkedProto, onlyPublic: boolean) => {
    from.imports.forEach((imported, i) => {
      if (visible.has(imported) || (onlyPublic && from.file.imports[i]!.kind !== 'public')) return;
      visible.add(imported);
      visit(imported, true);
    });
  };
  visit(linked, false);
  return visible;
}

function outer(scope: string): string | null {
  if (scope === '') return null;
  return scope.slice(0, Math.max(0, scope.lastIndexOf('.')));
}

function checkDepth(name: string, what: string): void {
  let parts = 1;
  for (let at = name.indexOf('.'); at >= 0; at = name.indexOf('.', at + 1)) parts++;
  if (parts > MAX_PARTS) throw new DataError(`${what} has more than ${MAX_PARTS} parts`);
}

const unknownType = (name: string, scope: string): DataError =>
  new DataError(
    `${scope === '' ? 'the file' : scope} uses ${name}, which is no known type: declare or import it`,
  );
