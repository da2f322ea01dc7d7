/** What the demo needs before its pipelines run, and how to see that everything has arrived. */
import { createReadStream, existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline/promises';
import {
  type Arrival,
  countReadings,
  createSourceTable,
  MAINTENANCE_ROWS,
  READINGS_TABLE,
  watchReadings,
} from './database';
import { generateReadings, READINGS } from './generate';

export interface DemoTarget {
  /** Records that must be there in the end. */
  readonly expected: number;
  /** Where they are, for people. */
  readonly where: string;
  /** Different records that are there now. */
  arrived(): Promise<number>;
  /** Those that are there once more: a source that was killed reads again what it had not noted down. */
  repeated(): Promise<number>;
}

export interface Demo {
  /** What `${env:…}` of the pipeline files stands for. */
  readonly env: Readonly<Record<string, string>>;
  /** By pipeline name. */
  readonly targets: ReadonlyMap<string, DemoTarget>;
  /** Of the first record in Postgres. */
  readonly arrival: Arrival;
}

/** Writes the CSV files, unless an earlier run has. */
export const writeDemoFiles = (data: string): Promise<void> => generateReadings(path.join(data, 'readings'));

/** Fills the table, unless an earlier run has. */
export async function prepareDemo(postgresUrl: string, data: string): Promise<Demo> {
  const exported = path.join(data, 'maintenance');
  await createSourceTable(postgresUrl);
  return {
    arrival: await watchReadings(postgresUrl),
    env: { PG_URL: postgresUrl, DEMO_DATA: data },
    targets: new Map<string, DemoTarget>([
      [
        'readings',
        {
          expected: READINGS,
          where: `table ${READINGS_TABLE}`,
          arrived: () => countReadings(postgresUrl),
          // Rows have a primary key.
          repeated: async () => 0,
        },
      ],
      ['maintenance', filesTarget(exported)],
    ]),
  };
}

const filesTarget = (directory: string): DemoTarget => ({
  expected: MAINTENANCE_ROWS,
  where: directory,
  arrived: async () => (await readLines(directory)).distinct,
  async repeated() {
    const { count, distinct } = await readLines(directory);
    return count - distinct;
  },
});

interface Lines {
  readonly count: number;
  readonly distinct: number;
}

/** Lines in the finished files of a directory; files being written are hidden. */
async function readLines(directory: string): Promise<Lines> {
  if (!existsSync(directory)) return { count: 0, distinct: 0 };
  const files = await readdir(directory, { recursive: true });
  const finished = files.filter((file) => file.endsWith('.jsonl') && !path.basename(file).startsWith('.'));
  const seen = new Set<string>();
  let count = 0;
  for (const file of finished) {
    for await (const line of createInterface({ input: createReadStream(path.join(directory, file)) })) {
      seen.add(line);
      count++;
    }
  }
  return { count, distinct: seen.size };
}
