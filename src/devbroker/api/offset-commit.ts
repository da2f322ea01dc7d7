/** OffsetCommit v1 to v7. */
import type { ByteReader } from '../../kafka/wire/bytes';
import { api, type Call } from '../api';
import type { CommitRequest } from '../groups/coordinator';
import type { OffsetEntry } from '../groups/port';
import { readClaim, readPartitions, type TopicPartition, writePartitions } from './group-fields';

type Result = TopicPartition & { readonly error: number };

export const offsetCommit = api<CommitRequest, readonly Result[]>({
  key: 8,
  name: 'OffsetCommit',
  versions: [1, 7],
  decode(reader, version) {
    const { groupId, claim } = readClaimOf(reader, version);
    const retentionMs = version >= 2 && version <= 4 ? reader.int64() : -1;
    const offsets = readPartitions(reader, (r, topic) => readOffset(r, topic, version));
    return { groupId, claim, retentionMs: retentionMs === -1 ? null : retentionMs, offsets };
  },
  places: ({ groupId, offsets }) => [{ group: groupId }, ...offsets.map((entry) => placeOf(groupId, entry))],
  handle(request, call) {
    const { groupId, offsets } = request;
    const refusal = call.coordinates('group', groupId);
    if (refusal !== 0) return offsets.map((entry) => resultOf(entry, refusal));
    const faults = offsets.map((entry) => call.fault(placeOf(groupId, entry)));
    const taken = offsets.filter((_, i) => faults[i] === 0);
    const codes = call.broker.groups.commit({ ...request, offsets: taken }).values();
    return offsets.map((entry, i) =>
      resultOf(entry, faults[i]! || finish(codes.next().value!, entry, groupId, call)),
    );
  },
  encode(writer, results, version) {
    if (version >= 3) writer.int32(0);
    writePartitions(writer, results, (w, { partition, error }) => void w.int32(partition).int16(error));
  },
});

const readClaimOf = (reader: ByteReader, version: number) => readClaim(reader, version >= 7);

function readOffset(reader: ByteReader, topic: string, version: number): OffsetEntry {
  const partition = reader.int32();
  const offset = reader.int64();
  const leaderEpoch = version >= 6 ? reader.int32() : -1;
  // When it was committed: the broker's time counts.
  if (version === 1) reader.int64();
  return { topic, partition, offset, leaderEpoch, metadata: reader.nullableString() };
}

const placeOf = (group: string, { topic, partition }: TopicPartition) => ({ group, topic, partition });

const resultOf = ({ topic, partition }: TopicPartition, error: number): Result => ({
  topic,
  partition,
  error,
});

const finish = (code: number, entry: TopicPartition, groupId: string, call: Call): number =>
  code || call.afterwards(placeOf(groupId, entry));
