/** Avro schemas. */
import type { AvroSchema } from '../../schemas/avro/ast';
import { canonicalAvro, normalizedAvro } from '../../schemas/avro/schema-text';
import { checkAvro } from '../../schemas/compatibility/avro';
import { describeProblem } from '../../schemas/compatibility/avro-text';
import { schemaType } from './schema-type';

export const avro = schemaType<AvroSchema>({
  name: 'AVRO',
  read(text, references, { normalize, strict }) {
    const parse = normalize ? normalizedAvro : canonicalAvro;
    return parse(text, references, { strict });
  },
  check: (reader, writer, roles) =>
    checkAvro(reader, writer).map((problem) => describeProblem(problem, roles)),
  format: ({ resolved }, format) => (format === 'resolved' ? resolved : null),
});
