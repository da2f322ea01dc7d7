/** What the Protobuf checker found, for people: kind, place, both sides, and what would make the schemas fit. */

import type { ProtoProblem, ProtoProblemKind } from './protobuf';
import type { Roles } from './roles';

/** `{errorType:'…', location:'#/A/1', description:'…', reader:'…', writer:'…', fix:'…'}` */
export function describeProtoProblem({ kind, location, reader, writer }: ProtoProblem, roles: Roles): string {
  const [description, fix] = TEXTS[kind](roles);
  const members = { errorType: kind, location, description, reader, writer, fix };
  return `{${Object.entries(members)
    .map(([name, value]) => `${name}:'${value}'`)
    .join(', ')}}`;
}

const TEXTS: Readonly<Record<ProtoProblemKind, (roles: Roles) => readonly [string, string]>> = {
  PACKAGE_CHANGED: ({ reader, writer }) => [
    `The ${reader} has another package than the ${writer}`,
    'keep the package, or register the schema under another subject',
  ],
  MESSAGE_REMOVED: ({ reader, writer }) => [
    `The ${reader} lacks a message that the ${writer} has`,
    `keep the message in the ${reader}, even if nobody writes it any more`,
  ],
  FIELD_KIND_CHANGED: ({ reader, writer }) => [
    `The field is a number or text, a message or a map in the ${reader}, and another of these in the ${writer}`,
    'keep the type, and add the new one as a field of another number',
  ],
  FIELD_SCALAR_KIND_CHANGED: ({ reader, writer }) => [
    `The type in the ${reader} is written in other bytes than the one in the ${writer}`,
    'keep the type, or change within int32, int64, uint32, uint64, bool and enums; sint32 and sint64; string and bytes; fixed32 and sfixed32; fixed64 and sfixed64',
  ],
  FIELD_NAMED_TYPE_CHANGED: ({ reader, writer }) => [
    `The field is of another message in the ${reader} than in the ${writer}`,
    'keep the message, and add the new one as a field of another number',
  ],
  FIELD_NUMERIC_LABEL_CHANGED: ({ reader, writer }) => [
    `The number is optional, required or repeated in the ${reader}, and another of these in the ${writer}`,
    'keep the label, and add a field of another number',
  ],
  REQUIRED_FIELD_ADDED: ({ reader, writer }) => [
    `The ${reader} requires a field that the ${writer} need not write`,
    'make the field optional',
  ],
  REQUIRED_FIELD_REMOVED: ({ reader, writer }) => [
    `The ${writer} requires a field that the ${reader} does not require`,
    'keep the field required',
  ],
  ONEOF_FIELD_REMOVED: ({ reader, writer }) => [
    `A member of the oneof in the ${writer} is missing in the ${reader}, which then cannot tell that one was set`,
    'keep the member',
  ],
  MULTIPLE_FIELDS_MOVED_TO_ONEOF: ({ reader, writer }) => [
    `Fields that can be set together in the ${writer} are members of one oneof in the ${reader}: only one would be left`,
    'keep the fields outside of the oneof, or move one alone into a new oneof',
  ],
  FIELD_MOVED_TO_EXISTING_ONEOF: ({ reader, writer }) => [
    `The ${reader} has a field in a oneof beside members with which it can be set together in the ${writer}`,
    'keep the field where it was, or move it alone into a new oneof',
  ],
  CHECK_TOO_COMPLEX: () => [
    'The schemas are too large to be compared',
    'split them, or set the compatibility level NONE',
  ],
};
