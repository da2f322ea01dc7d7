/** JSON Schema, drafts 4 to 2020-12. References are what `$ref` calls them; nothing is fetched. */

import { checkJson } from '../../schemas/compatibility/json/check';
import { describeJsonProblem } from '../../schemas/compatibility/json/text';
import { type JsonSchema, readJsonSchema } from '../../schemas/json-schema/schema-text';
import { schemaType } from './schema-type';

export const json = schemaType<JsonSchema>({
  name: 'JSON',
  read: readJsonSchema,
  check: (reader, writer, roles, policy) =>
    checkJson(reader, writer, { lenient: policy === 'LENIENT' }).map((problem) =>
      describeJsonProblem(problem, roles),
    ),
  format: () => null,
});
