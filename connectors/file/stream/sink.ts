import { type FileHandle, open } from 'node:fs/promises';
import {
  MillraceError,
  type Positions,
  type SinkConnector,
  type SinkRecord,
  type SinkTask,
} from '../../../src/plugin';
import { testFileToWrite } from '../connection-test';
import { fileError } from '../io/errors';
import { fileTarget, Output, standardOutput } from '../io/output';
import { Lanes, Progress } from '../sink/lanes';
import { javaText } from '../values/java-text';
import { streamSinkConfig } from './config';

const LF = 10;

class FileStreamSinkTask implements SinkTask {
  readonly #output: Output;
  readonly #path: string;
  readonly #fsync: boolean;
  readonly #lanes = new Lanes(() => new Progress());

  constructor(output: Output, path: string, fsync: boolean) {
    this.#output = output;
    this.#path = path;
    this.#fsync = fsync;
  }

  async put(batch: readonly SinkRecord[]): Promise<void> {
    const output = this.#output;
    for (const record of batch) {
      const lane = this.#lanes.of(record);
      if (record.offset < lane.next) continue;
      if (output.full) await this.#write();
      const { value } = record;
      if (typeof value === 'string') output.add(value);
      else if (Buffer.isBuffer(value)) output.addBytes(value);
      else output.add(javaText(value, record.valueSchema));
      output.addByte(LF);
      lane.next = record.offset + 1;
    }
    await this.#write();
  }

  async #write(): Promise<void> {
    try {
      await this.#output.flush();
    } catch (error) {
      throw writeError(this.#path, error);
    }
  }

  async flushable(positions: Positions): Promise<Positions> {
    await this.#write();
    if (this.#fsync) await this.#output.target.sync();
    return positions;
  }

  async assigned(): Promise<undefined> {
    this.#lanes.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#write();
    } finally {
      await this.#output.target.close();
    }
  }
}

/** What a failed write means: it is repeated where it may pass, such as when the disk is full. */
export function writeError(path: string, cause: unknown): MillraceError {
  return cause instanceof MillraceError ? cause : fileError('writing to', path, cause);
}

export async function openToAppend(
  path: string,
): Promise<{ handle: FileHandle; size: number; regular: boolean }> {
  let handle: FileHandle | null = null;
  try {
    handle = await open(path, 'a');
    const stats = await handle.stat();
    return { handle, size: stats.size, regular: stats.isFile() };
  } catch (error) {
    await handle?.close();
    throw fileError('output file', path, error);
  }
}

export const fileStreamSink: SinkConnector = {
  kind: 'sink',
  name: 'file-stream-sink',
  aliases: [
    'org.apache.kafka.connect.file.FileStreamSinkConnector',
    'FileStreamSinkConnector',
    'FileStreamSink',
  ],
  version: '1.0.0',
  summary: 'Appends the text of each value, and a line end, to a file or to standard output.',
  description:
    'Configurations of Apache Kafka’s FileStreamSink work unchanged, and the text is the one Java prints. Offsets are ' +
    'committed only when the file is on disk; a crash can repeat lines, never lose them.',
  examples: [
    {
      title: 'A topic to a text file',
      config: {
        name: 'local-file-sink',
        'connector.class': 'FileStreamSink',
        'tasks.max': '1',
        file: 'test.sink.txt',
        topics: 'connect-test',
      },
    },
  ],
  config: streamSinkConfig,
  test: (config) => testFileToWrite(config.optionalString('file')),
  alterOffsets: () => true,
  async open(_context, config) {
    const path = config.optionalString('file');
    if (path === null)
      return new FileStreamSinkTask(new Output(standardOutput, false), 'standard output', false);
    const { handle, regular } = await openToAppend(path);
    return new FileStreamSinkTask(
      new Output(fileTarget(handle, regular), false),
      path,
      config.boolean('fsync'),
    );
  },
};
