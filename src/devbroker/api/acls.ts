/** ACLs: there is no authorizer, and that is the answer. */
import type { ByteReader } from '../../kafka/wire/bytes';
import { type Api, api } from '../api';
import { Code } from '../refusal';

interface Refused {
  readonly error: number;
}

const SECURITY_DISABLED: Refused = { error: Code.SECURITY_DISABLED };

const readFilter = (reader: ByteReader) => ({
  resourceType: reader.int8(),
  resourceName: reader.nullableString(),
  patternType: reader.int8(),
  principal: reader.nullableString(),
  host: reader.nullableString(),
  operation: reader.int8(),
  permission: reader.int8(),
});

const readBinding = (reader: ByteReader) => ({
  resourceType: reader.int8(),
  resourceName: reader.string(),
  patternType: reader.int8(),
  principal: reader.string(),
  host: reader.string(),
  operation: reader.int8(),
  permission: reader.int8(),
});

const describeAcls = api<object, Refused>({
  key: 29,
  name: 'DescribeAcls',
  versions: [1, 1],
  decode: readFilter,
  places: () => [],
  handle: (_filter, call) => refusal(call.fault({})),
  encode(writer, { error }) {
    writer.int32(0).int16(error).nullableString('No Authorizer is configured on the broker').int32(0);
  },
});

const createAcls = api<readonly object[], readonly Refused[]>({
  key: 30,
  name: 'CreateAcls',
  versions: [1, 1],
  decode: (reader) => reader.array(readBinding),
  places: () => [],
  handle: (bindings, call) => bindings.map(() => refusal(call.fault({}))),
  encode: (writer, refused) =>
    void writer
      .int32(0)
      .array(refused, (w, { error }) => w.int16(error).nullableString('No Authorizer is configured.')),
});

const deleteAcls = api<readonly object[], readonly Refused[]>({
  key: 31,
  name: 'DeleteAcls',
  versions: [1, 1],
  decode: (reader) => reader.array(readFilter),
  places: () => [],
  handle: (filters, call) => filters.map(() => refusal(call.fault({}))),
  encode: (writer, refused) =>
    void writer
      .int32(0)
      .array(refused, (w, { error }) =>
        w.int16(error).nullableString('No Authorizer is configured.').int32(0),
      ),
});

const refusal = (fault: number): Refused => (fault === 0 ? SECURITY_DISABLED : { error: fault });

export const aclApis: readonly Api[] = [describeAcls, createAcls, deleteAcls];
