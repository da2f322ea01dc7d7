/**
 * What workers tell each other by JoinGroup and SyncGroup, byte for byte as Kafka Connect's incremental cooperative
 * protocols (`compatible` is version 1, `sessioned` version 2), but under a name of our own: the broker then refuses a
 * group of JVM workers and ours, which could not run each other's connectors. Source: connect.md §2.2.
 */
import { ByteReader, ByteWriter, TruncatedError } from '../../kafka/wire/bytes';
import { DataError } from '../../kernel';
import type { TaskId } from '../worker-view';
import type { Work } from './work';

export const PROTOCOL_TYPE = 'connect';
/** The one that workers offer. The others are for tests with JVM workers. */
export const PROTOCOL = 'millrace-v1';

/** `assigned` is what starts, or, of our leaders, all that the member is to run from now on. */
export interface Assignment {
  readonly error: AssignmentError;
  readonly leaderId: string;
  /** As REST requests reach the leader. */
  readonly leaderUrl: string;
  /** Where the leader has read the log of configurations to. */
  readonly configOffset: number;
  readonly assigned: Work;
  readonly revoked: Work;
  /** After so many ms the group is to be asked again; 0: not needed. */
  readonly delayMs: number;
}

export const NO_ERROR = 0;
/** The leader could not read the configurations that a member has seen; nothing was assigned. */
export const CONFIG_MISMATCH = 1;

export type AssignmentError = typeof NO_ERROR | typeof CONFIG_MISMATCH;

/** What a member says when it joins. */
export interface WorkerMetadata {
  readonly url: string;
  /** Where the member has read the log of configurations to. */
  readonly configOffset: number;
  /** What it runs, as an assignment; null when nothing. */
  readonly current: Assignment | null;
}

/** Of `compatible` and `sessioned`; both have the same fields. */
export type Version = 1 | 2;

const VERSION = 2;
/** Stands in a list of tasks for the connector itself. */
const CONNECTOR = -1;

export function encodeMetadata(metadata: WorkerMetadata, version: Version = VERSION): Buffer {
  const { url, configOffset, current } = metadata;
  const writer = new ByteWriter(256).int16(version).string(url).int64(configOffset);
  return writer.nullableBytes(current === null ? null : encodeAssignment(current, version)).bytes();
}

export function encodeAssignment(assignment: Assignment, version: Version = VERSION): Buffer {
  const { error, leaderId, leaderUrl, configOffset, assigned, revoked, delayMs } = assignment;
  const writer = new ByteWriter(512).int16(version).int16(error).string(leaderId).string(leaderUrl);
  writer.int64(configOffset);
  writeWork(writer, assigned);
  writeWork(writer, revoked);
  return writer.int32(delayMs).bytes();
}

/** Throws DataError. */
export const decodeMetadata = (bytes: Buffer): WorkerMetadata =>
  decode('metadata', bytes, (reader) => ({
    url: reader.string(),
    configOffset: reader.int64(),
    current: decodeCurrent(reader.nullableBytes()),
  }));

/** Throws DataError. */
export const decodeAssignment = (bytes: Buffer): Assignment =>
  decode('assignment', bytes, (reader) => ({
    error: errorOf(reader.int16()),
    leaderId: reader.string(),
    leaderUrl: reader.string(),
    configOffset: reader.int64(),
    assigned: readWork(reader),
    revoked: readWork(reader),
    delayMs: reader.int32(),
  }));

const decodeCurrent = (bytes: Buffer | null): Assignment | null =>
  bytes === null ? null : decodeAssignment(bytes);

/** Fields behind those that are known belong to later versions. */
function decode<T>(what: string, bytes: Buffer, read: (reader: ByteReader) => T): T {
  try {
    const reader = new ByteReader(bytes);
    const version = reader.int16();
    if (version < 1) throw new DataError(`Version ${version} of the ${what} of workers is not supported`);
    const value = read(reader);
    if (version > VERSION || reader.remaining === 0) return value;
    throw new DataError(`The ${what} of a worker has ${reader.remaining} bytes too many`);
  } catch (error) {
    if (!(error instanceof TruncatedError)) throw error;
    throw new DataError(`The ${what} of a worker is cut short: ${error.message}`, { cause: error });
  }
}

function errorOf(code: number): AssignmentError {
  if (code === NO_ERROR || code === CONFIG_MISMATCH) return code;
  throw new DataError(`Error ${code} in the assignment of a worker is not known`);
}

/** By connector, in order of appearance, the connector itself before its tasks. */
function writeWork(writer: ByteWriter, { connectors, tasks }: Work): void {
  const numbers = new Map<string, number[]>(connectors.map((name) => [name, [CONNECTOR]]));
  for (const { connector, task } of tasks) {
    const of = numbers.get(connector);
    if (of === undefined) numbers.set(connector, [task]);
    else of.push(task);
  }
  writer.array([...numbers], (w, [name, each]) =>
    w.string(name).array(each, (inner, number) => inner.int32(number)),
  );
}

function readWork(reader: ByteReader): Work {
  const entries = reader.array((r) => ({ name: r.string(), numbers: r.array((inner) => inner.int32()) }));
  const connectors: string[] = [];
  const tasks: TaskId[] = [];
  for (const { name, numbers } of entries) {
    for (const number of numbers) {
      if (number === CONNECTOR) connectors.push(name);
      else if (number >= 0) tasks.push({ connector: name, task: number });
      else throw new DataError(`Task ${number} of connector ${name} in the assignment of a worker`);
    }
  }
  return { connectors, tasks };
}
