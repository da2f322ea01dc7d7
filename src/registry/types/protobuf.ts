/** Protobuf schemas: .proto text. References are imports; those of Protocol Buffers itself need none. */
import { BUILTIN_PATHS, builtinProto } from '../../schemas/protobuf/builtin';
import { type LinkedProto, linkProto, type NamedFile } from '../../schemas/protobuf/link';
import { normalizeProto } from '../../schemas/protobuf/normalize';
import { parseProto } from '../../schemas/protobuf/parse';
import { printProto } from '../../schemas/protobuf/print';
import { checkProto } from '../compatibility/protobuf';
import { describeProtoProblem } from '../compatibility/protobuf-text';
import { type ReferencedText, schemaType } from './schema-type';

export const protobuf = schemaType<LinkedProto>({
  name: 'PROTOBUF',
  read(text, references, { normalize }) {
    const files = [...builtinFiles(), ...references.map(readReference)];
    const linked = linkProto(parseProto(text), files);
    const canonical = printProto(normalize ? normalizeProto(linked) : linked.file);
    return { canonical, resolved: canonical, schema: linked };
  },
  check: (reader, writer, roles) =>
    checkProto(reader, writer).map((problem) => describeProtoProblem(problem, roles)),
  format: () => null,
});

const builtinFiles = (): NamedFile[] => BUILTIN_PATHS.map((path) => ({ path, file: builtinProto(path)! }));

const readReference = ({ name, text }: ReferencedText): NamedFile => ({ path: name, file: parseProto(text) });
