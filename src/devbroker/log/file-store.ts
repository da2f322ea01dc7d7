/** A segment in a file, laid out like Kafka's: record batches one after the other. */
import fs from 'node:fs';
import * as layout from '../../kafka/wire/batch-layout';
import { STAMPED_BYTES } from './batch';
import { closeFile, fileAt, removeFile } from './files';
import type { SegmentStore } from './store';

export class FileStore implements SegmentStore {
  sizeBytes: number;
  #file: string;
  #isDirty = false;
  readonly #stamp = Buffer.alloc(STAMPED_BYTES);

  /** @param sizeBytes of the file that is there; 0 makes an empty one */
  constructor(file: string, sizeBytes: number) {
    this.#file = file;
    this.sizeBytes = sizeBytes;
    if (sizeBytes === 0) this.#make();
  }

  #make(): void {
    closeFile(this.#file);
    fileAt(this.#file, true);
    this.#isDirty = true;
  }

  append(batch: Buffer, baseOffset: number, leaderEpoch: number): void {
    batch.copy(this.#stamp, 0, 0, STAMPED_BYTES);
    layout.writeInt64(this.#stamp, baseOffset, layout.BASE_OFFSET);
    this.#stamp.writeInt32BE(leaderEpoch, layout.LEADER_EPOCH);
    const fd = fileAt(this.#file);
    this.#isDirty = true;
    try {
      writeAll(fd, this.#stamp, batch.subarray(STAMPED_BYTES), this.sizeBytes);
    } catch (error) {
      // Half a batch must not be what the next one is shorter than.
      fs.ftruncateSync(fd, this.sizeBytes);
      throw error;
    }
    this.sizeBytes += batch.length;
  }

  read(position: number, size: number): Buffer[] {
    const bytes = Buffer.allocUnsafeSlow(size);
    readFully(fileAt(this.#file), bytes, position, this.#file);
    return [bytes];
  }

  sync(): void {
    if (!this.#isDirty) return;
    fs.fsyncSync(fileAt(this.#file));
    this.#isDirty = false;
  }

  truncate(sizeBytes: number): void {
    fs.ftruncateSync(fileAt(this.#file), sizeBytes);
    this.sizeBytes = sizeBytes;
    this.#isDirty = true;
  }

  rename(file: string): void {
    closeFile(this.#file);
    fs.renameSync(this.#file, file);
    this.#file = file;
  }

  close(): void {
    closeFile(this.#file);
  }

  remove(): void {
    removeFile(this.#file);
  }
}

function writeAll(fd: number, head: Buffer, rest: Buffer, position: number): void {
  const size = head.length + rest.length;
  let done = fs.writevSync(fd, [head, rest], position);
  if (done < head.length) done += fs.writeSync(fd, head, done, head.length - done, position + done);
  while (done < size) done += fs.writeSync(fd, rest, done - head.length, size - done, position + done);
}

export function readFully(fd: number, into: Buffer, position: number, file: string): void {
  for (let done = 0; done < into.length; ) {
    const count = fs.readSync(fd, into, done, into.length - done, position + done);
    if (count === 0) throw new Error(`${file} ends at ${position + done}, before its last record batch does`);
    done += count;
  }
}
