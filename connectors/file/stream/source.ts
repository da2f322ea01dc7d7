import {
  type Config,
  DataError,
  NO_HEADERS,
  type SourceConnector,
  SourceRecord,
  type SourceTask,
  type SourceTaskContext,
  STRING_SCHEMA,
} from '../../../src/plugin';
import { testFileToRead } from '../connection-test';
import type { LineReader } from '../io/line-reader';
import { pause } from '../io/pause';
import { streamSourceConfig } from './config';
import { FollowedFile } from './followed-file';
import { alterStreamOffsets } from './offsets';
import { StandardInput } from './stdin';

class FileStreamSourceTask implements SourceTask {
  readonly #input: FollowedFile | StandardInput;
  readonly #context: SourceTaskContext;
  readonly #topic: string;
  readonly #batchSize: number;
  readonly #pollIntervalMs: number;
  readonly #partition: { readonly filename: string | null };
  #idle = false;

  constructor(
    context: SourceTaskContext,
    config: Config,
    input: FollowedFile | StandardInput,
    partition: { readonly filename: string | null },
  ) {
    this.#context = context;
    this.#input = input;
    this.#partition = partition;
    this.#topic = config.string('topic');
    this.#batchSize = Math.max(1, config.number('batch.size'));
    this.#pollIntervalMs = config.number('poll.interval.ms');
  }

  async poll(signal: AbortSignal): Promise<SourceRecord[] | null> {
    const input = this.#input;
    if (this.#idle && input instanceof FollowedFile) await pause(this.#pollIntervalMs, signal);
    const records: SourceRecord[] = [];
    while (!signal.aborted) {
      if (input.lines !== null) this.#take(input.lines, records);
      if (records.length > 0) break;
      if (!(await input.more())) {
        this.#idle = true;
        return null;
      }
    }
    this.#idle = false;
    return records.length > 0 ? records : null;
  }

  /** The lines that are there, up to the batch size. The one who reports a bad line may end the task with it. */
  #take(lines: LineReader, records: SourceRecord[]): void {
    const { last, identity } = this.#input;
    const { window } = lines;
    while (records.length < this.#batchSize && lines.next(last)) {
      const { position } = window;
      if (lines.tooLong > 0) {
        const error = new DataError(`the line has ${lines.tooLong} bytes, more than max.line.bytes`);
        this.#context.skip(error, `file='${this.#partition.filename}', position=${position - lines.tooLong}`);
        continue;
      }
      records.push(
        new SourceRecord(
          this.#partition,
          identity === '' ? { position } : { position, identity },
          this.#topic,
          null,
          null,
          null,
          STRING_SCHEMA,
          window.bytes.utf8Slice(lines.from, lines.to),
          null,
          NO_HEADERS,
        ),
      );
    }
  }

  /** Asked only when nobody waits for more than there is: then a last line without end is a line, too. */
  exhausted(): boolean {
    this.#input.final = true;
    return this.#input.exhausted;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#input.close();
  }
}

export const fileStreamSource: SourceConnector = {
  kind: 'source',
  name: 'file-stream-source',
  aliases: [
    'org.apache.kafka.connect.file.FileStreamSourceConnector',
    'FileStreamSourceConnector',
    'FileStreamSource',
  ],
  version: '1.0.0',
  summary: 'Follows a text file, or standard input, and writes each line to a topic.',
  description:
    'Configurations and stored offsets of Apache Kafka’s FileStreamSource work unchanged. Positions are bytes; renamed, ' +
    'replaced and truncated files are recognized by inode and content.',
  examples: [
    {
      title: 'A log file to a topic',
      config: {
        name: 'local-file-source',
        'connector.class': 'FileStreamSource',
        'tasks.max': '1',
        file: 'test.txt',
        topic: 'connect-test',
      },
    },
  ],
  config: streamSourceConfig,
  capabilities: { exactlyOnce: true, alterOffsets: true },
  alterOffsets: alterStreamOffsets,
  /** What standard input gave cannot be read again. */
  exactlyOnce: (config) => config.optionalString('file') !== null,
  preview: (config) => config.optionalString('file') !== null,
  test: (config) => testFileToRead(config.optionalString('file')),
  async open(context, config) {
    const path = config.optionalString('file');
    const maxLineBytes = config.number('max.line.bytes');
    const partition = { filename: path };
    if (path === null) {
      const input = new StandardInput(maxLineBytes, config.number('poll.interval.ms'), context.signal);
      return new FileStreamSourceTask(context, config, input, partition);
    }
    const offset = await context.offsets.offset(partition);
    const input = new FollowedFile({ path, maxLineBytes, logger: context.logger, offset });
    return new FileStreamSourceTask(context, config, input, partition);
  },
};
