/** What the columns of a file are, found at its beginning: its header, and a sample of its rows. */
import { DataError } from '../../../src/plugin';
import type { ChunkReader } from '../io/chunk-reader';
import { LineReader } from '../io/line-reader';
import { type Guess, guessJson, join, settle } from '../values/infer';
import { parseJson } from '../values/json-exact';
import { CsvSample } from './csv-sample';
import type { Discovery, Sample } from './layout';
import type { DirectoryOptions } from './options';

const SAMPLE_BYTES = 1024 * 1024;

/** A mark some editors put in front of UTF-8. Call when the window has its first bytes. */
export function skipByteOrderMark(window: ChunkReader): void {
  const { bytes, start, position } = window;
  if (position === 0 && window.length >= 3 && bytes.readUIntBE(start, 3) === 0xefbbbf) window.consume(3);
}

/**
 * Columns of a CSV or JSON Lines file whose window begins at its first byte; null while it holds no row. `last`: the
 * file is complete, so that its last line counts without an end. Throws DataError for a header that cannot be.
 */
export async function discover(
  window: ChunkReader,
  options: DirectoryOptions,
  last: boolean,
): Promise<Discovery | null> {
  for (;;) {
    const ended = (await window.fill()) === 0;
    if (!options.latin1) skipByteOrderMark(window);
    const sample =
      options.format === 'csv'
        ? new CsvSample(window, options, ended && last).read()
        : sampleJson(window, options, ended && last);
    const rows = sample?.rows ?? 0;
    if (rows > 0 && rows >= options.sampleRows) return sample;
    if (ended) return rows === 0 ? null : sample;
    if (window.length < SAMPLE_BYTES) continue;
    if (sample === null) throw new DataError(`the first ${SAMPLE_BYTES} bytes hold no header`);
    return sample;
  }
}

/** The window is as before afterwards. */
function sampleJson(window: ChunkReader, options: DirectoryOptions, last: boolean): Sample {
  const { position } = window;
  const lines = new LineReader(window, { maxLineBytes: Number.POSITIVE_INFINITY, loneCr: false });
  let guess: Guess = { kind: 'struct', fields: new Map() };
  let rows = 0;
  while (rows < options.sampleRows && lines.next(last)) {
    const text = window.bytes.utf8Slice(lines.from, lines.to);
    if (text.trim() === '') continue;
    rows++;
    const found = guessLine(text);
    if (found?.kind === 'struct') guess = join(guess, found);
  }
  window.consume(position - window.position);
  return { rows, columns: settle(guess).fields!, start: { position, record: 0, line: 0 } };
}

/** A line that is no JSON tells nothing; it is reported when it is read. */
function guessLine(text: string): Guess {
  try {
    return guessJson(parseJson(text));
  } catch (error) {
    if (error instanceof DataError) return null;
    throw error;
  }
}
