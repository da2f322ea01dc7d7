/** Structs that hold themselves: written once, with an anchor, and referred to from within. */
import type { Field, Schema } from '../../kernel';
import { ID_PARAMETER, ID_PREFIX } from './names';

/**
 * Anchors for the structs of a schema that hold themselves and have no anchor among their parameters. The required and the
 * optional form of a struct are the same one: they share their fields.
 */
export function recursiveStructs(schema: Schema): ReadonlyMap<readonly Field[], string> {
  const within = new Set<readonly Field[]>();
  const passed = new Set<readonly Field[]>();
  const taken = new Set<string>();
  const found = new Set<readonly Field[]>();
  const visit = (at: Schema | null): void => {
    if (at === null) return;
    visit(at.keySchema);
    visit(at.valueSchema);
    if (at.type !== 'struct') return;
    const anchor = at.parameters?.get(ID_PARAMETER);
    if (anchor !== undefined) taken.add(anchor);
    if (within.has(at.fields) && anchor === undefined) found.add(at.fields);
    if (passed.has(at.fields)) return;
    passed.add(at.fields);
    within.add(at.fields);
    for (const field of at.fields) visit(field.schema);
    within.delete(at.fields);
  };
  visit(schema);
  return named(found, taken);
}

function named(
  structs: ReadonlySet<readonly Field[]>,
  taken: ReadonlySet<string>,
): Map<readonly Field[], string> {
  const anchors = new Map<readonly Field[], string>();
  let next = 1;
  for (const fields of structs) {
    while (taken.has(`${ID_PREFIX}${next}`)) next++;
    anchors.set(fields, `${ID_PREFIX}${next++}`);
  }
  return anchors;
}
