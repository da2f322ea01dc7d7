/** ListOffsets v1 to v5: the start, the end, or the first record from a time on, for each partition. */
import type { ByteReader } from '../../kafka/wire/bytes';
import { EARLIEST, LATEST } from '../../kafka/wire/list-offsets';
import { byTopic } from '../../kafka/wire/topics';
import { api, type Call } from '../api';
import { leaderEpochOf } from '../log/batch';
import type { Isolation, PartitionLog } from '../log/port';
import { Code } from '../refusal';
import type { Partition } from '../topics/port';
import { checkLeaderEpoch, NO_EPOCH } from './leader-epoch';

interface Wanted {
  readonly topic: string;
  readonly partition: number;
  readonly leaderEpoch: number;
  /** Ms, EARLIEST or LATEST. */
  readonly timestamp: number;
}

interface Request {
  readonly isolation: Isolation;
  readonly wanted: readonly Wanted[];
}

interface Listed {
  readonly topic: string;
  readonly partition: number;
  readonly error: number;
  readonly timestamp: number;
  readonly offset: number;
  readonly leaderEpoch: number;
}

export const listOffsets = api<Request, readonly Listed[]>({
  key: 2,
  name: 'ListOffsets',
  versions: [1, 5],
  decode(reader, version) {
    // Replica id: followers are not told apart from consumers.
    reader.int32();
    const isolation = version >= 2 && reader.int8() === 1 ? 'read_committed' : 'read_uncommitted';
    return { isolation, wanted: reader.array((r) => readTopic(r, version)).flat() };
  },
  places: ({ wanted }) => wanted.map(({ topic, partition }) => ({ topic, partition })),
  handle({ isolation, wanted }, call) {
    const once = new Map(wanted.map((each) => [keyOf(each), each]));
    const repeated = repeatedIn(wanted);
    return [...once].map(([key, each]) =>
      repeated.has(key) ? unlisted(each, Code.INVALID_REQUEST) : list(each, isolation, call),
    );
  },
  encode(writer, listed, version) {
    if (version >= 2) writer.int32(0);
    writer.array([...byTopic(listed, (each) => each)], (w, [topic, partitions]) =>
      w.string(topic).array(partitions, (p, { partition, error, timestamp, offset, leaderEpoch }) => {
        p.int32(partition).int16(error).int64(timestamp).int64(offset);
        if (version >= 4) p.int32(leaderEpoch);
      }),
    );
  },
});

function readTopic(reader: ByteReader, version: number): Wanted[] {
  const topic = reader.string();
  return reader.array((r) => ({
    topic,
    partition: r.int32(),
    leaderEpoch: version >= 4 ? r.int32() : NO_EPOCH,
    timestamp: r.int64(),
  }));
}

const keyOf = ({ topic, partition }: Wanted): string => `${topic} ${partition}`;

function repeatedIn(wanted: readonly Wanted[]): Set<string> {
  const seen = new Set<string>();
  const repeated = new Set<string>();
  for (const key of wanted.map(keyOf)) (seen.has(key) ? repeated : seen).add(key);
  return repeated;
}

function list(wanted: Wanted, isolation: Isolation, call: Call): Listed {
  const { topic, partition, timestamp } = wanted;
  const place = { topic, partition };
  const refused =
    call.fault(place) || unsupported(timestamp) || call.broker.leads(call.node, topic, partition);
  if (refused !== 0) return unlisted(wanted, refused);
  const found = call.broker.topics.partition(topic, partition)!;
  const error = checkLeaderEpoch(wanted.leaderEpoch, found) || call.afterwards(place);
  if (error !== 0) return unlisted(wanted, error);
  return { ...unlisted(wanted, 0), ...lookUp(timestamp, isolation, found) };
}

/** Times below 0 have meanings of their own; all but two came with later versions. */
const unsupported = (timestamp: number): number =>
  timestamp < 0 && timestamp !== EARLIEST && timestamp !== LATEST ? Code.UNSUPPORTED_VERSION : Code.NONE;

function lookUp(timestamp: number, isolation: Isolation, partition: Partition): Partial<Listed> {
  const { log, leaderEpoch } = partition;
  if (timestamp === LATEST) {
    const offset = isolation === 'read_committed' ? log.lastStableOffset : log.endOffset;
    return { offset, leaderEpoch };
  }
  if (timestamp === EARLIEST)
    return { offset: log.startOffset, leaderEpoch: epochAt(log, log.startOffset, leaderEpoch) };
  const found = log.findTimestamp(timestamp, isolation);
  return found === null ? {} : { ...found, leaderEpoch: epochAt(log, found.offset, leaderEpoch) };
}

/** Epoch in which the batch with this offset was appended. */
function epochAt(log: PartitionLog, offset: number, otherwise: number): number {
  const batch = log.read(offset, 1, 'read_uncommitted', true).chunks[0];
  return batch === undefined ? otherwise : leaderEpochOf(batch);
}

const unlisted = ({ topic, partition }: Wanted, error: number): Listed => ({
  topic,
  partition,
  error,
  timestamp: -1,
  offset: -1,
  leaderEpoch: NO_EPOCH,
});
