/** Request bodies as the registry's clients write them. Members nobody knows are nobody's business. */
import type { FastifyRequest } from 'fastify';
import { missingBody, shapeError } from '../errors';
import type { EntityTags } from '../operations/entity-tags';
import type { SchemaRequest } from '../operations/lookup';
import { shaped } from '../operations/settings';
import type { TagRequest } from '../operations/tags';
import type { SchemaReference } from '../state/content';
import { readMetadata, readRuleSet } from '../state/contracts';
import { MAX_INT } from './params';

type Members = Readonly<Record<string, unknown>>;

/** Throws 422 without a body, 400 for JSON that is no object. */
export function bodyMembers(request: FastifyRequest): Members {
  const { body } = request;
  if (body === undefined || body === null) throw missingBody();
  return members(body, 'The request body');
}

export interface RegisterBody extends SchemaRequest {
  readonly tagsToAdd: readonly EntityTags[];
  readonly tagsToRemove: readonly EntityTags[];
  readonly propagateTags: boolean;
}

export function schemaBody(request: FastifyRequest): RegisterBody {
  const body = bodyMembers(request);
  const id = optional(body.id, (value) => integer(value, 'id'));
  return {
    schema: optional(body.schema, (value) => text(value, 'schema')) ?? '',
    schemaType: optional(body.schemaType, (value) => text(value, 'schemaType')) ?? 'AVRO',
    references: optional(body.references, (value) => list(value, 'references').map(reference)) ?? [],
    metadata: optional(body.metadata, (value) => shaped(readMetadata, value)),
    ruleSet: optional(body.ruleSet, (value) => shaped(readRuleSet, value)),
    // Clients that have no id to ask for may say -1.
    id: id === null || id < 0 ? null : id,
    version: optional(body.version, (value) => integer(value, 'version')) ?? 0,
    tagsToAdd: entityTags(body.schemaTagsToAdd, 'schemaTagsToAdd'),
    tagsToRemove: entityTags(body.schemaTagsToRemove, 'schemaTagsToRemove'),
    propagateTags: body.propagateSchemaTags === true,
  };
}

export function tagBody(request: FastifyRequest): TagRequest {
  const body = bodyMembers(request);
  return {
    newVersion: optional(body.newVersion, (value) => integer(value, 'newVersion')),
    add: entityTags(body.tagsToAdd, 'tagsToAdd'),
    remove: entityTags(body.tagsToRemove, 'tagsToRemove'),
    metadata: optional(body.metadata, (value) => shaped(readMetadata, value)),
    ruleSet: optional(body.ruleSet, (value) => shaped(readRuleSet, value)),
    rulesToMerge: optional(body.rulesToMerge, (value) => shaped(readRuleSet, value)),
    rulesToRemove: optional(body.rulesToRemove, (value) =>
      list(value, 'rulesToRemove').map((item) => text(item, 'rulesToRemove')),
    ),
  };
}

function reference(item: unknown): SchemaReference {
  const body = members(item, 'A reference');
  const name = optional(body.name, (value) => text(value, 'name'));
  const subject = optional(body.subject, (value) => text(value, 'subject'));
  if (name === null || subject === null) throw shapeError('A reference needs name, subject and version');
  return { name, subject, version: optional(body.version, (value) => integer(value, 'version')) ?? -1 };
}

const entityTags = (value: unknown, name: string): readonly EntityTags[] =>
  optional(value, (given) => list(given, name).map((item) => readEntityTags(item, name))) ?? [];

function readEntityTags(item: unknown, name: string): EntityTags {
  const body = members(item, `A member of ${name}`);
  const entity = members(body.schemaEntity, `The schemaEntity of ${name}`);
  const kind = text(entity.entityType, 'entityType');
  if (kind !== 'sr_record' && kind !== 'sr_field') {
    throw shapeError('The member entityType must be sr_record or sr_field');
  }
  return {
    path: text(entity.entityPath, 'entityPath').replace(/^\./, ''),
    kind,
    tags: list(body.tags ?? [], 'tags').map((tag) => text(tag, 'tags')),
  };
}

const optional = <T>(value: unknown, read: (value: unknown) => T): T | null =>
  value === undefined || value === null ? null : read(value);

function members(value: unknown, what: string): Members {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Members;
  throw shapeError(`${what} must be a JSON object`);
}

function list(value: unknown, name: string): readonly unknown[] {
  if (!Array.isArray(value)) throw shapeError(`The member ${name} must be an array`);
  return value;
}

function text(value: unknown, name: string): string {
  if (typeof value !== 'string') throw shapeError(`The member ${name} must be a string`);
  return value;
}

/** 32 bits, as everybody else keeps ids and versions. */
function integer(value: unknown, name: string): number {
  if (Number.isInteger(value) && Math.abs(value as number) <= MAX_INT) return value as number;
  throw shapeError(`The member ${name} must be an integer of 32 bits`);
}
