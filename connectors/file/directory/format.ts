import { isUtf8 } from 'node:buffer';
import type { ChunkReader } from '../io/chunk-reader';
import type { RecordBuilder } from './record-builder';

/** Cuts the window of a file into records. */
export interface FileFormat {
  /** Bytes before the window that belong to a record that is too long to be kept. */
  readonly dropped: number;
  /** Takes whole records until `out` is full or bytes are missing; with `last`, no bytes follow those of the window. */
  take(out: RecordBuilder, last: boolean): void;
}

/** Whether ranges of a window are valid UTF-8, asking once per chunk where all of it is. */
export class Utf8Check {
  readonly #window: ChunkReader;
  #generation = -1;
  #to = 0;

  constructor(window: ChunkReader) {
    this.#window = window;
  }

  isValid(from: number, to: number): boolean {
    const { bytes, generation, start, end } = this.#window;
    if (generation !== this.#generation) {
      this.#generation = generation;
      const first = Math.min(from, start);
      const lineEnd = bytes.subarray(0, end).lastIndexOf(10) + 1;
      this.#to = lineEnd > first && isUtf8(bytes.subarray(first, lineEnd)) ? lineEnd : 0;
    }
    return to <= this.#to || isUtf8(bytes.subarray(from, to));
  }
}

export const NOT_UTF8 = 'is not valid UTF-8; set charset=latin1 if that is what the file holds';
