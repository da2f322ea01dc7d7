/** What the Avro checker found, for people: kind, place, both sides, and what would make the schemas fit. */
import type { AvroSchema } from '../avro/ast';
import { printAvro } from '../avro/print';
import type { AvroProblem } from './avro';
import type { Roles } from './roles';

const MAX_FRAGMENT = 200;

/** `{errorType:'…', location:'/fields/1', description:'…', reader:'…', writer:'…', fix:'…'}` */
export function describeProblem(problem: AvroProblem, roles: Roles): string {
  const [description, fix] = explain(problem, roles);
  const members = {
    errorType: problem.kind,
    location: problem.location === '' ? '/' : problem.location,
    description,
    reader: problem.field === undefined ? fragment(problem.reader) : cut(fieldText(problem)),
    writer: fragment(problem.writer),
    fix,
  };
  return `{${Object.entries(members)
    .map(([name, value]) => `${name}:'${value}'`)
    .join(', ')}}`;
}

/** The same in a sentence. */
export const avroReason = (problem: AvroProblem, roles: Roles): string =>
  `${explain(problem, roles)[0]} (${problem.location === '' ? 'at the top' : problem.location})`;

function explain(problem: AvroProblem, roles: Roles): [description: string, fix: string] {
  const { reader, writer, symbols = [] } = problem;
  const [read, written] = [`The ${roles.reader}`, `the ${roles.writer}`];
  switch (problem.kind) {
    case 'NAME_MISMATCH':
      return [
        `${read} names the type ${nameOf(reader)}, ${written} ${nameOf(writer)}`,
        `keep the name, or give the type of the ${roles.reader} the alias ${nameOf(writer)}`,
      ];
    case 'FIXED_SIZE_MISMATCH':
      return [
        `${read} has another size of the fixed type ${nameOf(reader)} than ${written}`,
        'keep the size, or add a type of another name',
      ];
    case 'MISSING_ENUM_SYMBOLS':
      return [
        `${read} lacks the symbols ${symbols.join(', ')} of the enum ${nameOf(reader)} that ${written} has`,
        `add the symbols to the ${roles.reader}, or give its enum a default`,
      ];
    case 'READER_FIELD_MISSING_DEFAULT_VALUE':
      return [
        `${read} has the field ${problem.field!.name} without a default, and ${written} does not have it`,
        `give the field ${problem.field!.name} a default, for example type ["null", …] with default null`,
      ];
    case 'TYPE_MISMATCH':
      return [
        `${read} has the type ${reader.kind}, which cannot read the type ${writer.kind} of ${written}`,
        `keep the type, widen it (int to long, float or double; string to bytes and back), or use a union that has ${writer.kind} too`,
      ];
    case 'MISSING_UNION_BRANCH':
      return [
        `${read} has no branch that reads the ${writer.kind} of ${written}${closest(problem)}`,
        `add ${branchOf(writer)} to the union of the ${roles.reader}`,
      ];
    case 'CHECK_TOO_COMPLEX':
      return ['The schemas are too large to be compared', 'split them, or set the compatibility level NONE'];
  }
}

function closest({ because = [] }: AvroProblem): string {
  const [first] = because;
  return first === undefined ? '' : `; the one closest to it fails with ${first.kind} at ${first.location}`;
}

const nameOf = (schema: AvroSchema): string => ('name' in schema ? schema.name.full : schema.kind);
const branchOf = (schema: AvroSchema): string =>
  'name' in schema ? `the type ${schema.name.full}` : schema.kind;

/** The record's other fields would hide the one that matters. */
function fieldText({ field }: AvroProblem): string {
  return `{"name":${JSON.stringify(field!.name)},"type":${printAvro(field!.type)}}`;
}

const fragment = (schema: AvroSchema): string => cut(printAvro(schema));
const cut = (text: string): string => (text.length > MAX_FRAGMENT ? `${text.slice(0, MAX_FRAGMENT)}…` : text);
