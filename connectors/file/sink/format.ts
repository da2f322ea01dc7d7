import type { Config, SinkRecord } from '../../../src/plugin';
import { CsvWriter } from '../values/csv-writer';
import { javaText } from '../values/java-text';
import { type DecimalFormat, JsonWriter } from '../values/jsonl-writer';

export interface SinkFormat {
  /** File name extension without dot. */
  readonly extension: string;
  /** What a file that holds the record begins with; '' for nothing. Throws DataError for a record it cannot hold. */
  header(record: SinkRecord): string;
  /** The record with its line end. */
  line(record: SinkRecord): string;
}

export function createSinkFormat(config: Config): SinkFormat {
  switch (config.string('format')) {
    case 'csv': {
      const writer = new CsvWriter(config.string('csv.line.end') === 'lf' ? '\n' : '\r\n');
      return {
        extension: 'csv',
        header: ({ value, valueSchema }) => writer.header(value, valueSchema),
        line: ({ value, valueSchema }) => writer.row(value, valueSchema),
      };
    }
    case 'text':
      return {
        extension: 'txt',
        header: () => '',
        line: ({ value, valueSchema }) => `${value === null ? '' : javaText(value, valueSchema)}\n`,
      };
    default: {
      const writer = new JsonWriter(config.string('decimal.format') as DecimalFormat);
      return {
        extension: 'jsonl',
        header: () => '',
        line: ({ value, valueSchema }) => `${writer.text(value, valueSchema)}\n`,
      };
    }
  }
}
