/** `validateFields`: field names that nobody may use, and those that a subject has set aside in its metadata. */

import { ENTITIES } from '../entities/index';
import { invalidSchema } from '../errors';
import type { Content } from '../state/content';
import { reservedNames } from '../state/contracts';
import type { StoredVersion } from '../state/subject';
import type { ReadSchema } from './schema-reader';

const RESERVED_PREFIX = '$$';

/** Throws 42201 for a field named `$$…`: such names belong to the tools that read the data. */
export function requireFreeOfReserved({ type, text }: ReadSchema): void {
  const field = fieldsOf(type.name, text.canonical).find(({ name }) => name.startsWith(RESERVED_PREFIX));
  if (field === undefined) return;
  throw invalidSchema(`The field ${field.path} has a reserved name: it begins with ${RESERVED_PREFIX}`);
}

/** Names set aside must stay so, and no top-level field may have one. */
export function reservedProblems(content: Content, previous: StoredVersion | undefined): string[] {
  const reserved = reservedNames(content.metadata);
  const dropped = reservedNames(previous?.content.metadata ?? null).filter(
    (name) => !reserved.includes(name),
  );
  const taken = fieldsOf(content.schemaType, content.schema).filter(
    ({ isTopLevel, name }) => isTopLevel && reserved.includes(name),
  );
  return [
    ...dropped.map(
      (name) =>
        `{errorType:'RESERVED_FIELD_REMOVED', description:'The metadata of the old schema reserves the field "${name}", that of the new schema does not'}`,
    ),
    ...taken.map(
      ({ path }) =>
        `{errorType:'FIELD_CONFLICTS_WITH_RESERVED_FIELD', description:'The field "${path}" has a name that the metadata reserves'}`,
    ),
  ];
}

const fieldsOf = (schemaType: string, text: string) =>
  (ENTITIES.get(schemaType)?.list(text) ?? []).filter(({ kind }) => kind === 'sr_field');
