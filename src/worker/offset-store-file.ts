/** Source offsets in one JSON file, replaced as a whole: temp file, fsync, rename, fsync of the directory. */
import { copyFile, mkdir, open, readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import { parseExact, schemaless } from '../convert/json/read';
import type { OffsetStore } from '../flow';
import { ConfigError, type Logger, type SourceOffset, type SourcePartition } from '../kernel';
import { isJavaSerialized, readJavaByteMap } from './java-map';
import { OffsetState, offsetKey, parseOffset } from './offset-store';
import { javaJson } from './storage/java-json';

const FORMAT = 'millrace-offsets';

interface OffsetFile {
  readonly format: typeof FORMAT;
  readonly version: 1;
  readonly connectors: Readonly<Record<string, { partition: SourcePartition; offset: SourceOffset }[]>>;
}

/** Throws ConfigError when the file is there and is no offset file. A file of a Java worker is read, and kept aside. */
export async function openFileOffsetStore(file: string, logger: Logger): Promise<OffsetStore> {
  const state = new OffsetState();
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw new ConfigError(`offset.storage.file.filename: cannot read ${file}: ${error.message}`, {
      cause: error,
    });
  });
  if (bytes !== null && isJavaSerialized(bytes)) {
    readJava(bytes, state);
    await copyFile(file, `${file}.java`);
    logger.info({ file }, `Took over the offsets of a Java worker; its file is kept as ${file}.java`);
  } else if (bytes !== null && bytes.length > 0) {
    readOwn(file, bytes.toString(), state);
  }
  await mkdir(path.dirname(path.resolve(file)), { recursive: true });
  const save = coalesced(() => replaceFile(file, render(state)));
  return {
    get: async (connector, partitions) => state.get(connector, partitions),
    set: (connector, entries) => {
      state.set(connector, entries);
      return save();
    },
    all: async (connector) => state.all(connector),
    close: async () => {},
  };
}

function readJava(bytes: Buffer, state: OffsetState): void {
  for (const [key, value] of readJavaByteMap(bytes))
    state.put(key.toString(), parseOffset(value?.toString() ?? null));
}

function readOwn(file: string, text: string, state: OffsetState): void {
  let parsed: OffsetFile;
  try {
    parsed = schemaless(parseExact(text)) as OffsetFile;
  } catch (error) {
    throw noOffsetFile(file, (error as Error).message);
  }
  if (parsed?.format !== FORMAT) throw noOffsetFile(file, `it has no "format": "${FORMAT}"`);
  for (const [connector, rows] of Object.entries(parsed.connectors)) {
    for (const { partition, offset } of rows) state.put(offsetKey(connector, partition), offset);
  }
}

const noOffsetFile = (file: string, why: string): ConfigError =>
  new ConfigError(`offset.storage.file.filename: ${file} is no offset file: ${why}`, {
    hint: 'Give another file name, or move this file away to begin anew.',
  });

/** One row a line. */
function render(state: OffsetState): string {
  const connectors = new Map<string, string[]>();
  for (const { connector, partition, offset } of state.rows()) {
    let rows = connectors.get(connector);
    if (rows === undefined) connectors.set(connector, (rows = []));
    rows.push(`   ${javaJson({ partition, offset })}`);
  }
  const lists = [...connectors].map(([name, rows]) => `  ${javaJson(name)}: [\n${rows.join(',\n')}\n  ]`);
  return `{\n "format": "${FORMAT}",\n "version": 1,\n "connectors": {\n${lists.join(',\n')}\n }\n}\n`;
}

/** Runs `save` one at a time; calls that come meanwhile share the run after it. */
function coalesced(save: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null;
  let next: Promise<void> | null = null;
  const run = (): Promise<void> => {
    const current = save().finally(() => {
      if (running === current) running = null;
    });
    running = current;
    return current;
  };
  return () => {
    if (running === null) return run();
    next ??= running
      .catch(() => {})
      .then(() => {
        next = null;
        return run();
      });
    return next;
  };
}

async function replaceFile(file: string, text: string): Promise<void> {
  const temporary = `${file}.tmp`;
  const handle = await open(temporary, 'w');
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, file);
  const directory = await open(path.dirname(path.resolve(file)), 'r');
  await directory.sync().finally(() => directory.close());
}
