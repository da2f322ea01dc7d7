import type { AvroSchema } from './ast';

/** The least bytes a value takes. Guards counts in foreign data: it may be too low, never too high. */
export const minSize = (schema: AvroSchema): number => measure(schema, new Set());

function measure(schema: AvroSchema, within: Set<AvroSchema>): number {
  switch (schema.kind) {
    case 'null':
      return 0;
    case 'float':
      return 4;
    case 'double':
      return 8;
    case 'fixed':
      return schema.size;
    case 'union':
      return 1 + Math.min(...schema.branches.map((branch) => measure(branch, within)));
    case 'record': {
      if (within.has(schema)) return 0;
      within.add(schema);
      const size = schema.fields.reduce((sum, field) => sum + measure(field.type, within), 0);
      within.delete(schema);
      return size;
    }
    default:
      return 1;
  }
}
