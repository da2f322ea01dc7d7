/**
 * Client halves of the group requests with every field and version free: scenarios ask for what no client of ours would.
 * Versions without flexible fields. Source: Kafka's protocol guide.
 */
import type { ApiRequest } from '../../../src/kafka/lane';
import type { ByteReader, ByteWriter } from '../../../src/kafka/wire/bytes';

export interface Protocol {
  readonly name: string;
  readonly metadata: Buffer;
}

export interface Join {
  readonly groupId: string;
  readonly sessionTimeoutMs?: number;
  readonly rebalanceTimeoutMs?: number;
  readonly memberId?: string;
  readonly instanceId?: string | null;
  readonly protocolType?: string;
  readonly protocols?: readonly Protocol[];
  /** 0 to 5; 5 unless given. */
  readonly version?: number;
}

export interface JoinAnswer {
  readonly error: number;
  readonly generation: number;
  readonly protocol: string | null;
  readonly leader: string;
  readonly memberId: string;
  readonly members: readonly {
    readonly memberId: string;
    readonly instanceId: string | null;
    readonly metadata: Buffer;
  }[];
}

const LONG_POLL_MS = 30_000;

export const protocol = (name: string, metadata = ''): Protocol => ({
  name,
  metadata: Buffer.from(metadata),
});

export const joinGroupOf = ({ version = 5, ...join }: Join): ApiRequest<JoinAnswer> => ({
  apiKey: 11,
  apiVersion: version,
  apiName: 'JoinGroup',
  timeoutMs: LONG_POLL_MS,
  encode(writer) {
    writer.string(join.groupId).int32(join.sessionTimeoutMs ?? 30_000);
    if (version >= 1) writer.int32(join.rebalanceTimeoutMs ?? 20_000);
    writer.string(join.memberId ?? '');
    if (version >= 5) writer.nullableString(join.instanceId ?? null);
    writer.string(join.protocolType ?? 'test');
    writer.array(join.protocols ?? [protocol('p')], (w, { name, metadata }) =>
      w.string(name).bytesWithSize(metadata),
    );
  },
  decode(reader) {
    if (version >= 2) reader.int32();
    return {
      error: reader.int16(),
      generation: reader.int32(),
      protocol: reader.nullableString(),
      leader: reader.string(),
      memberId: reader.string(),
      members: reader.array((r) => ({
        memberId: r.string(),
        instanceId: version >= 5 ? r.nullableString() : null,
        metadata: r.bytesWithSize(),
      })),
    };
  },
});

/** A member as it names itself. */
export interface Identity {
  readonly groupId: string;
  readonly generation: number;
  readonly memberId: string;
  readonly instanceId?: string | null;
}

/** @param withInstance false in versions before static members */
function writeIdentity(writer: ByteWriter, identity: Identity, withInstance: boolean): void {
  writer.string(identity.groupId).int32(identity.generation).string(identity.memberId);
  if (withInstance) writer.nullableString(identity.instanceId ?? null);
}

export interface Sync extends Identity {
  readonly assignments?: Readonly<Record<string, Buffer>>;
  /** 0 to 3; 3 unless given. */
  readonly version?: number;
}

export const syncGroupOf = ({
  version = 3,
  assignments = {},
  ...identity
}: Sync): ApiRequest<{ readonly error: number; readonly assignment: Buffer }> => ({
  apiKey: 14,
  apiVersion: version,
  apiName: 'SyncGroup',
  timeoutMs: LONG_POLL_MS,
  encode(writer) {
    writeIdentity(writer, identity, version >= 3);
    writer.array(Object.entries(assignments), (w, [memberId, bytes]) =>
      w.string(memberId).bytesWithSize(bytes),
    );
  },
  decode(reader) {
    if (version >= 1) reader.int32();
    return { error: reader.int16(), assignment: reader.bytesWithSize() };
  },
});

/** Answers the error code. */
export const heartbeatOf = ({
  version = 3,
  ...identity
}: Identity & { version?: number }): ApiRequest<number> => ({
  apiKey: 12,
  apiVersion: version,
  apiName: 'Heartbeat',
  encode: (writer) => writeIdentity(writer, identity, version >= 3),
  decode(reader) {
    if (version >= 1) reader.int32();
    return reader.int16();
  },
});

export interface Leaver {
  readonly memberId: string;
  readonly instanceId: string | null;
}

/** LeaveGroup v3: several members at once, by member id or by instance id. */
export const leaveGroupOf = (
  groupId: string,
  members: readonly Leaver[],
): ApiRequest<{
  readonly error: number;
  readonly members: readonly (Leaver & { readonly error: number })[];
}> => ({
  apiKey: 13,
  apiVersion: 3,
  apiName: 'LeaveGroup',
  encode(writer) {
    writer.string(groupId);
    writer.array(members, (w, { memberId, instanceId }) => w.string(memberId).nullableString(instanceId));
  },
  decode(reader) {
    reader.int32();
    return {
      error: reader.int16(),
      members: reader.array((r) => ({
        memberId: r.string(),
        instanceId: r.nullableString(),
        error: r.int16(),
      })),
    };
  },
});

/** LeaveGroup v0 to v2: one member by its id; answers the error code. */
export const leaveGroupAlone = (groupId: string, memberId: string, version = 2): ApiRequest<number> => ({
  apiKey: 13,
  apiVersion: version,
  apiName: 'LeaveGroup',
  encode: (writer) => void writer.string(groupId).string(memberId),
  decode(reader) {
    if (version >= 1) reader.int32();
    return reader.int16();
  },
});

/** FindCoordinator v2 with any type. */
export const findCoordinatorOf = (
  key: string,
  type: number,
): ApiRequest<{
  readonly error: number;
  readonly message: string | null;
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
}> => ({
  apiKey: 10,
  apiVersion: 2,
  apiName: 'FindCoordinator',
  encode: (writer) => void writer.string(key).int8(type),
  decode(reader) {
    reader.int32();
    return {
      error: reader.int16(),
      message: reader.nullableString(),
      nodeId: reader.int32(),
      host: reader.string(),
      port: reader.int32(),
    };
  },
});

/** ListGroups v2. */
export const listGroups = (): ApiRequest<{
  readonly error: number;
  readonly groups: readonly { readonly groupId: string; readonly protocolType: string }[];
}> => ({
  apiKey: 16,
  apiVersion: 2,
  apiName: 'ListGroups',
  encode() {},
  decode(reader) {
    reader.int32();
    return {
      error: reader.int16(),
      groups: reader.array((r) => ({ groupId: r.string(), protocolType: r.string() })),
    };
  },
});

export interface DescribedMember {
  readonly memberId: string;
  readonly clientId: string;
  readonly clientHost: string;
  readonly metadata: Buffer;
  readonly assignment: Buffer;
}

export interface DescribedGroup {
  readonly error: number;
  readonly groupId: string;
  readonly state: string;
  readonly protocolType: string;
  readonly protocol: string;
  readonly members: readonly DescribedMember[];
}

/** DescribeGroups v2. */
export const describeGroups = (groups: readonly string[]): ApiRequest<readonly DescribedGroup[]> => ({
  apiKey: 15,
  apiVersion: 2,
  apiName: 'DescribeGroups',
  encode: (writer) => void writer.array(groups, (w, group) => w.string(group)),
  decode(reader) {
    reader.int32();
    return reader.array((r) => ({
      error: r.int16(),
      groupId: r.string(),
      state: r.string(),
      protocolType: r.string(),
      protocol: r.string(),
      members: r.array(readMember),
    }));
  },
});

const readMember = (reader: ByteReader): DescribedMember => ({
  memberId: reader.string(),
  clientId: reader.string(),
  clientHost: reader.string(),
  metadata: reader.bytesWithSize(),
  assignment: reader.bytesWithSize(),
});

/** Code of one partition; the order of an answer is not promised, so scenarios look it up. */
export interface PartitionCode {
  readonly topic: string;
  readonly partition: number;
  readonly error: number;
}

export interface CommitOffset {
  readonly topic: string;
  readonly partition?: number;
  readonly offset: number;
  /** From v6 on. */
  readonly leaderEpoch?: number;
  readonly metadata?: string | null;
}

export interface Commit extends Partial<Identity> {
  readonly groupId: string;
  readonly offsets: readonly CommitOffset[];
  /** 2 to 7; 7 unless given. */
  readonly version?: number;
}

/** As an outsider unless a member is named. */
export const offsetCommitOf = ({
  version = 7,
  offsets,
  groupId,
  ...member
}: Commit): ApiRequest<readonly PartitionCode[]> => ({
  apiKey: 8,
  apiVersion: version,
  apiName: 'OffsetCommit',
  encode(writer) {
    writeIdentity(writer, { generation: -1, memberId: '', ...member, groupId }, version >= 7);
    if (version <= 4) writer.int64(-1);
    // Each partition with a topic entry of its own: brokers take a topic more than once.
    writer.array(offsets, (w, { topic, partition = 0, offset, leaderEpoch = -1, metadata = '' }) => {
      w.string(topic).int32(1).int32(partition).int64(offset);
      if (version >= 6) w.int32(leaderEpoch);
      w.nullableString(metadata);
    });
  },
  decode(reader) {
    if (version >= 3) reader.int32();
    return readCodes(reader);
  },
});

export function readCodes(reader: ByteReader): PartitionCode[] {
  const topics = reader.array((r) => {
    const topic = r.string();
    return r.array((p) => ({ topic, partition: p.int32(), error: p.int16() }));
  });
  return topics.flat();
}

export interface CommittedOffset {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** -1 before v5. */
  readonly leaderEpoch: number;
  readonly metadata: string | null;
  readonly error: number;
}

export interface Wanted {
  readonly topic: string;
  readonly partitions: readonly number[];
}

/** @param wanted null: all (from v2 on)  @param version 1 to 5 */
export const offsetFetchOf = (
  groupId: string,
  wanted: readonly Wanted[] | null,
  version = 5,
): ApiRequest<{ readonly error: number; readonly offsets: readonly CommittedOffset[] }> => ({
  apiKey: 9,
  apiVersion: version,
  apiName: 'OffsetFetch',
  encode(writer) {
    writer.string(groupId);
    if (wanted === null) writer.int32(-1);
    else
      writer.array(wanted, (w, { topic, partitions }) =>
        w.string(topic).array(partitions, (inner, partition) => inner.int32(partition)),
      );
  },
  decode(reader) {
    if (version >= 3) reader.int32();
    const topics = reader.array((r) => {
      const topic = r.string();
      return r.array((p) => readCommitted(p, topic, version));
    });
    return { offsets: topics.flat(), error: version >= 2 ? reader.int16() : 0 };
  },
});

const readCommitted = (reader: ByteReader, topic: string, version: number): CommittedOffset => ({
  topic,
  partition: reader.int32(),
  offset: reader.int64(),
  leaderEpoch: version >= 5 ? reader.int32() : -1,
  metadata: reader.nullableString(),
  error: reader.int16(),
});

/** OffsetDelete v0. */
export const offsetDelete = (
  groupId: string,
  wanted: readonly Wanted[],
): ApiRequest<{ readonly error: number; readonly partitions: readonly PartitionCode[] }> => ({
  apiKey: 47,
  apiVersion: 0,
  apiName: 'OffsetDelete',
  encode(writer) {
    writer
      .string(groupId)
      .array(wanted, (w, { topic, partitions }) =>
        w.string(topic).array(partitions, (inner, partition) => inner.int32(partition)),
      );
  },
  decode(reader) {
    const error = reader.int16();
    reader.int32();
    return { error, partitions: readCodes(reader) };
  },
});

export interface TxnCommit {
  readonly transactionalId: string;
  readonly producerId: number;
  readonly epoch: number;
  readonly groupId: string;
  readonly offsets: readonly CommitOffset[];
  /** 0 to 2; 2 unless given. */
  readonly version?: number;
}

/** TxnOffsetCommit before members are named in it. */
export const txnOffsetCommitOf = ({
  version = 2,
  ...commit
}: TxnCommit): ApiRequest<readonly PartitionCode[]> => ({
  apiKey: 28,
  apiVersion: version,
  apiName: 'TxnOffsetCommit',
  encode(writer) {
    writer.string(commit.transactionalId).string(commit.groupId);
    writer.int64(commit.producerId).int16(commit.epoch);
    writer.array(commit.offsets, (w, { topic, partition = 0, offset, leaderEpoch = -1, metadata = '' }) => {
      w.string(topic).int32(1).int32(partition).int64(offset);
      if (version >= 2) w.int32(leaderEpoch);
      w.nullableString(metadata);
    });
  },
  decode(reader) {
    reader.int32();
    return readCodes(reader);
  },
});
