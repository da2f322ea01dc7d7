/** `format`, `referenceFormat` and `findTags`: the same schema in the form a client asks for. */
import type { FastifyRequest } from 'fastify';
import { findTags } from '../operations/entity-tags';
import type { Registry } from '../operations/registry';
import type { SchemaReader } from '../operations/schema-reader';
import { DEFAULT_CONTEXT, relativeSubject } from '../state/names';
import type { StoredVersion } from '../state/subject';
import { SCHEMA_TYPES } from '../types/index';
import { queryText, queryTexts } from './params';
import type { View } from './replies';

export function viewOf(registry: Registry, request: FastifyRequest, version: StoredVersion): View {
  const tags = queryTexts(request, 'findTags');
  const qualified = queryText(request, 'referenceFormat') === 'qualified';
  return {
    schema: formatted(registry.schemas, version, queryText(request, 'format')),
    ...(qualified && { references: qualifiedReferences(version) }),
    ...(tags.length > 0 && { tags: findTags(version.content, tags) }),
  };
}

/** The text asked for by `format`; the stored one for formats that its language does not know. */
export function formatted(schemas: SchemaReader, version: StoredVersion, format: string | undefined): string {
  const { schema, schemaType } = version.content;
  const type = SCHEMA_TYPES.get(schemaType);
  if (format === undefined || format.trim() === '' || type === undefined) return schema;
  return type.format(schemas.stored(version), format) ?? schema;
}

/** Readers elsewhere do not know which context an unqualified reference means. */
function qualifiedReferences({ subject, content }: StoredVersion) {
  const { context } = subject.name;
  if (context === DEFAULT_CONTEXT) return content.references;
  return content.references.map((reference) => ({
    ...reference,
    subject: relativeSubject(reference.subject, context),
  }));
}
