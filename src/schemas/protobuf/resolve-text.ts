/** Text that is equal for schemas that differ only in how they name types and in which file these are declared. */
import { inScope, type ProtoFile, type ProtoMessage, type ProtoType } from './ast';
import { BUILTIN_PATHS } from './builtin';
import type { LinkedProto } from './link';
import { normalizeProto } from './normalize';
import { printProto } from './print';

const BUILTIN = new Set(BUILTIN_PATHS);

/** The file with the types of the files it refers to behind its own, by name. Throws DataError for types not known. */
export function resolvedText(linked: LinkedProto): string {
  const files = [linked, ...referencedFiles(linked)];
  const declared = files.map((each) => placed(normalizeProto(each)));
  const imports = declared
    .flatMap((file) => file.imports)
    .filter(({ path }, i, all) => BUILTIN.has(path) && all.findIndex((other) => other.path === path) === i);
  const [own, ...others] = declared;
  const types = others.flatMap((file) => file.types).sort((a, b) => (a.name < b.name ? -1 : 1));
  return printProto({
    ...own!,
    package: null,
    imports: imports.sort((a, b) => (a.path < b.path ? -1 : 1)),
    types: [...own!.types, ...types],
  });
}

/** All that are imported, directly or not, but for those built in; each once. */
function referencedFiles(linked: LinkedProto): LinkedProto[] {
  const found = new Set<LinkedProto>();
  const visit = (from: LinkedProto) => {
    from.imports.forEach((imported, i) => {
      if (found.has(imported) || BUILTIN.has(from.file.imports[i]!.path)) return;
      found.add(imported);
      visit(imported);
    });
  };
  visit(linked);
  return [...found];
}

/** Types called by their full names, so that types of several packages stand side by side. */
function placed(file: ProtoFile): ProtoFile {
  const scope = file.package ?? '';
  const rename = (type: ProtoType): ProtoType =>
    ({ ...type, name: inScope(scope, type.name) }) as ProtoMessage | ProtoType;
  return { ...file, types: file.types.map(rename) };
}
