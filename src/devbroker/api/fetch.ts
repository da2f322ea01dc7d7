/** Fetch v4 to v11: records of several partitions, waited for when there are too few. */
import type { ByteReader, ByteWriter } from '../../kafka/wire/bytes';
import { byTopic } from '../../kafka/wire/topics';
import { api } from '../api';
import { Code } from '../refusal';
import type { Fetched, FetchPartition, FetchRequest } from './fetch-partitions';
import { fetchAll } from './fetch-partitions';
import { NO_SESSION, type SessionRequest } from './fetch-sessions';
import { NO_EPOCH } from './leader-epoch';

type Request = FetchRequest & SessionRequest;

interface Answer {
  readonly error: number;
  readonly sessionId: number;
  readonly partitions: readonly Fetched[];
}

const NO_REPLICA = -1;

export const fetch = api<Request, Answer>({
  key: 1,
  name: 'Fetch',
  versions: [4, 11],
  decode,
  places: ({ partitions }) => partitions.map(({ topic, partition }) => ({ topic, partition })),
  async handle(request, call) {
    const context = call.broker.fetchSessions.context(request, call);
    if (typeof context === 'number') return { error: context, sessionId: NO_SESSION, partitions: [] };
    const fetched = await fetchAll({ ...request, partitions: context.partitions }, call);
    return { error: Code.NONE, ...context.answer(fetched) };
  },
  encode,
});

function decode(reader: ByteReader, version: number): Request {
  // Replica id: followers are not told apart from consumers.
  reader.int32();
  return {
    maxWaitMs: reader.int32(),
    minBytes: reader.int32(),
    maxBytes: reader.int32(),
    isolation: reader.int8() === 1 ? 'read_committed' : 'read_uncommitted',
    sessionId: version >= 7 ? reader.int32() : NO_SESSION,
    sessionEpoch: version >= 7 ? reader.int32() : -1,
    partitions: reader.array((r) => readTopic(r, version)).flat(),
    forgotten: version >= 7 ? reader.array(readForgotten).flat() : [],
  };
}

function readTopic(reader: ByteReader, version: number): FetchPartition[] {
  const topic = reader.string();
  return reader.array((r) => {
    const partition = r.int32();
    const leaderEpoch = version >= 9 ? r.int32() : NO_EPOCH;
    const offset = r.int64();
    // Start of a follower's log.
    if (version >= 5) r.int64();
    return { topic, partition, leaderEpoch, offset, maxBytes: r.int32() };
  });
}

function readForgotten(reader: ByteReader): SessionRequest['forgotten'] {
  const topic = reader.string();
  return reader.array((r) => ({ topic, partition: r.int32() }));
}

function encode(writer: ByteWriter, { error, sessionId, partitions }: Answer, version: number): void {
  writer.int32(0);
  if (version >= 7) writer.int16(error).int32(sessionId);
  writer.array([...byTopic(partitions, (each) => each)], (w, [topic, those]) => {
    w.string(topic).array(those, (p, fetched) => writePartition(p, fetched, version));
  });
}

function writePartition(writer: ByteWriter, fetched: Fetched, version: number): void {
  const { partition, error, highWatermark, lastStableOffset, startOffset, aborted } = fetched;
  writer.int32(partition).int16(error).int64(highWatermark).int64(lastStableOffset);
  if (version >= 5) writer.int64(startOffset);
  if (aborted === null) writer.int32(-1);
  else writer.array(aborted, (w, { producerId, firstOffset }) => w.int64(producerId).int64(firstOffset));
  if (version >= 11) writer.int32(NO_REPLICA);
  writer.int32(fetched.sizeBytes);
  for (const chunk of fetched.chunks) writer.attach(chunk);
}
