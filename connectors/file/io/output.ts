import type { FileHandle } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

const pack = promisify(gzip);
const FIRST_SLAB_BYTES = 32 * 1024;
const LARGEST_IDLE_SLAB_BYTES = 1024 * 1024;

/** Memory of all outputs of a task: the more are open, the sooner each is written. */
export class MemoryBudget {
  outputs = 0;

  constructor(readonly totalBytes = 16 * 1024 * 1024) {}

  /** A buffer this full is written. */
  get fullBytes(): number {
    return Math.max(16 * 1024, Math.min(256 * 1024, this.totalBytes / Math.max(1, this.outputs)));
  }
}

/** Where bytes go. `write` may take fewer than it is given. */
export interface ByteTarget {
  write(bytes: Buffer): Promise<number>;
  /** Forces what was written to disk. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** Writes at the end of an open file. Pipes and devices have no disk to be forced to. */
export function fileTarget(handle: FileHandle, regular: boolean): ByteTarget {
  return {
    write: async (bytes) => (await handle.write(bytes)).bytesWritten,
    async sync() {
      if (regular) await handle.datasync();
    },
    close: () => handle.close(),
  };
}

export const standardOutput: ByteTarget = {
  write: (bytes) =>
    new Promise((resolve, reject) => {
      process.stdout.write(bytes, (error) => (error ? reject(error) : resolve(bytes.length)));
    }),
  sync: async () => {},
  close: async () => {},
};

/**
 * Text gathered into large writes. A failed `flush` keeps what is not written; the next one goes on there. Packed, each
 * write is a gzip member of its own, so a file is whole after every flush.
 */
export class Output {
  readonly target: ByteTarget;
  readonly #packed: boolean;
  readonly #budget: MemoryBudget;
  #slab = Buffer.allocUnsafeSlow(FIRST_SLAB_BYTES);
  #length = 0;
  /** What the flush under way writes, and how much of the slab that stands for. */
  #writing: Buffer | null = null;
  #covered = 0;

  constructor(target: ByteTarget, packed: boolean, budget = new MemoryBudget()) {
    this.target = target;
    this.#budget = budget;
    this.#packed = packed;
  }

  /** Time to flush. */
  get full(): boolean {
    return this.#length >= this.#budget.fullBytes;
  }

  /** Adds a text; how many bytes it has. */
  add(text: string): number {
    this.#reserve(text.length * 3);
    const written = this.#slab.utf8Write(text, this.#length);
    this.#length += written;
    return written;
  }

  addByte(byte: number): void {
    this.#reserve(1);
    this.#slab[this.#length++] = byte;
  }

  addBytes(bytes: Buffer): void {
    this.#reserve(bytes.length);
    this.#length += bytes.copy(this.#slab, this.#length);
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#slab.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#slab.length * 2, this.#length + bytes));
    this.#slab.copy(larger, 0, 0, this.#length);
    this.#slab = larger;
  }

  async flush(): Promise<void> {
    while (this.#length > 0) {
      if (this.#writing === null) {
        const plain = this.#slab.subarray(0, this.#length);
        this.#covered = this.#length;
        this.#writing = this.#packed ? await pack(plain) : plain;
      }
      while (this.#writing.length > 0) {
        const written = await this.target.write(this.#writing);
        this.#writing = this.#writing.subarray(written);
      }
      this.#writing = null;
      this.#slab.copyWithin(0, this.#covered, this.#length);
      this.#length -= this.#covered;
    }
    if (this.#slab.length > LARGEST_IDLE_SLAB_BYTES) this.#slab = Buffer.allocUnsafeSlow(FIRST_SLAB_BYTES);
  }
}
