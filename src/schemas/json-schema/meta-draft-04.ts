/**
 * What draft-04 says a schema is (draft-zyp-json-schema-04, draft-fge-json-schema-validation-00), written in draft-07: the
 * validator at hand does not know the older form of exclusive bounds that the draft's own meta schema is written in.
 */
const self = { $ref: '#' };
const schemas = { type: 'array', minItems: 1, items: self };
const schemasByName = { type: 'object', additionalProperties: self };
const schemaOrBoolean = { anyOf: [{ type: 'boolean' }, self] };
const count = { type: 'integer', minimum: 0 };
const names = { type: 'array', minItems: 1, items: { type: 'string' } };

export const META_DRAFT_04 = {
  $id: 'http://json-schema.org/draft-04/schema',
  definitions: {
    simpleTypes: { enum: ['array', 'boolean', 'integer', 'null', 'number', 'object', 'string'] },
  },
  type: 'object',
  properties: {
    id: { type: 'string' },
    $schema: { type: 'string' },
    $ref: { type: 'string' },
    title: { type: 'string' },
    description: { type: 'string' },
    multipleOf: { type: 'number', exclusiveMinimum: 0 },
    maximum: { type: 'number' },
    exclusiveMaximum: { type: 'boolean' },
    minimum: { type: 'number' },
    exclusiveMinimum: { type: 'boolean' },
    maxLength: count,
    minLength: count,
    pattern: { type: 'string' },
    additionalItems: schemaOrBoolean,
    items: { anyOf: [self, schemas] },
    maxItems: count,
    minItems: count,
    uniqueItems: { type: 'boolean' },
    maxProperties: count,
    minProperties: count,
    required: names,
    additionalProperties: schemaOrBoolean,
    definitions: schemasByName,
    properties: schemasByName,
    patternProperties: schemasByName,
    dependencies: { type: 'object', additionalProperties: { anyOf: [self, names] } },
    enum: { type: 'array', minItems: 1 },
    type: {
      anyOf: [
        { $ref: '#/definitions/simpleTypes' },
        { type: 'array', minItems: 1, items: { $ref: '#/definitions/simpleTypes' } },
      ],
    },
    format: { type: 'string' },
    allOf: schemas,
    anyOf: schemas,
    oneOf: schemas,
    not: self,
  },
  dependencies: { exclusiveMaximum: ['maximum'], exclusiveMinimum: ['minimum'] },
};
