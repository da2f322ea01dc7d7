/** Bodies of requests as routes take them. What cannot be read answers 500, as a JVM worker does. */
import { HttpError } from '../../http';
import type { OffsetChange, TargetState } from '../../worker';
import { BodyProblem } from './problem';
import { JsonReader } from './reader';
import {
  type BeanType,
  type Members,
  mismatch,
  other,
  readBean,
  readList,
  readMembers,
  readString,
  readStrings,
  type Strings,
  tokenName,
} from './values';

export type { Strings } from './values';

const ENTITIES = 'org.apache.kafka.connect.runtime.rest.entities';

/** The text of Java's NullPointerException for a body that is not there. */
const nothing = (call: string, variable: string): HttpError =>
  new HttpError(500, `Cannot invoke "${call}" because "${variable}" is null`);

/** Null for no body, blanks, and `null`. */
function read<T>(body: Buffer, type: string, bind: (reader: JsonReader) => T | null): T | null {
  const reader = new JsonReader(body);
  if (reader.next() === 'end') return null;
  const value = bind(reader);
  const token = reader.next();
  if (token !== 'end') {
    throw other(
      reader,
      `Trailing token (of type ${tokenName(token)}) found after value (bound as \`${type}\`): ` +
        'not allowed as per `DeserializationFeature.FAIL_ON_TRAILING_TOKENS`',
    );
  }
  return value;
}

const readMap = (body: Buffer): Strings | null => read(body, 'java.util.Map', readStrings);

/** Values that are null stay null. */
export function readConfig(body: Buffer): Strings {
  const config = readMap(body);
  if (config === null) throw nothing('java.util.Map.get(Object)', 'connectorConfig');
  return config;
}

export function readPatch(body: Buffer): Strings {
  const patch = readMap(body);
  if (patch === null) throw nothing('java.util.Map.forEach(java.util.function.BiConsumer)', 'patch');
  return patch;
}

export function readLevel(body: Buffer): string | null {
  const levels = readMap(body);
  if (levels === null) throw nothing('java.util.Map.get(Object)', 'levelMap');
  return levels.level ?? null;
}

export interface CreateRequest {
  readonly config: Strings | null;
  readonly name: string | null;
  readonly initial_state: TargetState | null;
}

const STATES: Readonly<Record<string, TargetState>> = {
  RUNNING: 'STARTED',
  PAUSED: 'PAUSED',
  STOPPED: 'STOPPED',
};

function readState(reader: JsonReader): TargetState | null {
  const type = `${ENTITIES}.CreateConnectorRequest$InitialState`;
  const { token } = reader;
  if (token === 'null') return null;
  if (token === '{') throw mismatch(reader, type);
  if (token === '[') {
    throw other(
      reader,
      `Input mismatch reading Enum \`${type}\`: properties-based \`@JsonCreator\` ` +
        `([method ${type}#forValue(java.lang.String)]) expects String Value, got Array value (\`JsonToken.START_ARRAY\`)`,
    );
  }
  const { start } = reader;
  const name = reader.text().toUpperCase();
  if (Object.hasOwn(STATES, name)) return STATES[name]!;
  const constant = `${ENTITIES}.CreateConnectorRequest.InitialState.${name}`;
  throw other(
    reader,
    `Cannot construct instance of \`${type}\`, problem: No enum constant ${constant}`,
    start,
  );
}

const CREATE_REQUEST: BeanType<CreateRequest> = {
  name: `${ENTITIES}.CreateConnectorRequest`,
  members: { config: readStrings, name: readString, initial_state: readState },
};

export interface NewConnector {
  readonly name: string;
  readonly config: Strings;
  readonly initialState: TargetState | null;
}

/** The name is trimmed; without one it is empty, which no connector may be called. */
export function readCreateRequest(body: Buffer): NewConnector {
  const type = CREATE_REQUEST.name;
  const request = read(body, type, (reader) => readBean(reader, CREATE_REQUEST));
  if (request === null) throw nothing(`${type}.name()`, 'createRequest');
  const { name, config, initial_state: initialState = null } = request;
  if (!config) throw nothing('java.util.Map.get(Object)', 'connectorConfig');
  return { name: name?.trim() ?? '', config, initialState };
}

interface Offset {
  readonly partition: Members | null;
  readonly offset: Members | null;
}

const OFFSET: BeanType<Offset> = {
  name: `${ENTITIES}.ConnectorOffset`,
  members: { partition: readMembers, offset: readMembers },
};

const OFFSETS: BeanType<{ readonly offsets: readonly (Partial<Offset> | null)[] | null }> = {
  name: `${ENTITIES}.ConnectorOffsets`,
  members: {
    offsets: (reader) => readList(reader, OFFSET.name, (element) => readBean(element, OFFSET)),
  },
};

/** Of a partition that is there twice the last offset counts. */
export function readOffsets(body: Buffer): OffsetChange[] {
  const request = read(body, OFFSETS.name, (reader) => readBean(reader, OFFSETS));
  if (request === null) throw nothing(`${OFFSETS.name}.offsets()`, 'offsets');
  const { offsets } = request;
  if (!offsets?.length)
    throw new HttpError(400, 'Partitions / offsets need to be provided for an alter offsets request');
  const changes = new Map<string, OffsetChange>();
  for (const each of offsets) {
    if (each === null) throw nothing(`${OFFSET.name}.partition()`, 'offset');
    const { partition = null, offset = null } = each;
    changes.set(identity(partition), { partition, offset });
  }
  return [...changes.values()];
}

/** The same for maps that are equal, whatever the order of their keys. */
const identity = (value: unknown): string =>
  JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner === 'bigint') return `${inner}n`;
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner;
    return Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1));
  });

/** Configurations of tasks, from another worker. Null: somebody sent `null`. */
export function readTaskConfigs(body: Buffer): readonly Strings[] | null {
  const reader = new JsonReader(body);
  if (reader.next() === 'end') throw new BodyProblem('No content to map due to end-of-input', null, true);
  const type = 'java.util.Map<java.lang.String,java.lang.String>';
  return readList(reader, type, (element) => readStrings(element) ?? {});
}
