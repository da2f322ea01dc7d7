/** Reading a segment file again: whatever is whole is kept, from the first byte on that makes no sense all is cut. */
import * as layout from '../../kafka/wire/batch-layout';
import { checksumFits } from '../../kafka/wire/record-cursor';
import { baseOffsetOf, lastDeltaOf, lastOffsetOf, sizeOf } from './batch';
import { readFully } from './file-store';
import { fileAt } from './files';

const WINDOW_BYTES = 1024 * 1024;

/**
 * Answers how many bytes are good.
 * @param nextOffset no batch may begin before it
 * @param visit called with every whole batch and its position; the batch is good during the call only
 */
export function scanFile(
  file: string,
  sizeBytes: number,
  nextOffset: number,
  visit: (batch: Buffer, position: number) => void,
): number {
  const window = new Window(file, sizeBytes);
  let position = 0;
  let expected = nextOffset;
  while (position < sizeBytes) {
    const batch = window.batch(position);
    if (batch === null || baseOffsetOf(batch) < expected) break;
    visit(batch, position);
    expected = lastOffsetOf(batch) + 1;
    position += batch.length;
  }
  return position;
}

class Window {
  #bytes = Buffer.alloc(0);
  #start = 0;

  constructor(
    readonly file: string,
    readonly fileBytes: number,
  ) {}

  /** The batch at this position; null when there is no whole one with the right checksum. */
  batch(position: number): Buffer | null {
    if (position + layout.RECORDS > this.fileBytes) return null;
    const size = sizeOf(this.#view(position, layout.RECORDS));
    if (size < layout.RECORDS || position + size > this.fileBytes) return null;
    const batch = this.#view(position, size);
    const isWhole =
      batch[layout.MAGIC] === layout.CURRENT_MAGIC && lastDeltaOf(batch) >= 0 && checksumFits(batch);
    return isWhole ? batch : null;
  }

  #view(position: number, size: number): Buffer {
    if (position + size > this.#start + this.#bytes.length) {
      const length = Math.min(Math.max(size, WINDOW_BYTES), this.fileBytes - position);
      if (this.#bytes.length !== length) this.#bytes = Buffer.allocUnsafeSlow(length);
      readFully(fileAt(this.file), this.#bytes, position, this.file);
      this.#start = position;
    }
    return this.#bytes.subarray(position - this.#start, position - this.#start + size);
  }
}
