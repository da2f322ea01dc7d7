import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

const PACKED_CHUNK_BYTES = 64 * 1024;

/** Bytes in order. A source may grow: `read` answers 0 at the end for now, and may answer more later. */
export interface ByteSource {
  /** Fills `into` from `at` on with at most `length` bytes; the number of bytes read. */
  read(into: Buffer, at: number, length: number): Promise<number>;
  close(): Promise<void>;
}

/** A file from a byte position on, or a pipe (position null) as its bytes come. The handle stays open. */
export function fileBytes(handle: FileHandle, position: number | null): ByteSource {
  let next = position;
  return {
    async read(into, at, length) {
      const { bytesRead } = await handle.read(into, at, length, next);
      if (next !== null) next += bytesRead;
      return bytesRead;
    },
    close: async () => {},
  };
}

/**
 * A byte stream such as standard input or an unpacked file. Pulls, so what is not read waits in the stream. `close` ends
 * a pending read with 0 and leaves the stream paused.
 */
export function streamBytes(stream: Readable): ByteSource {
  let rest: Buffer | null = null;
  let ended = false;
  let failure: Error | null = null;
  let wake = (): void => {};
  const onReadable = (): void => wake();
  const onEnd = (): void => {
    ended = true;
    wake();
  };
  const onError = (error: Error): void => {
    failure = error;
    wake();
  };
  stream.on('readable', onReadable).on('end', onEnd).on('close', onEnd).on('error', onError);

  async function pull(): Promise<Buffer | null> {
    for (;;) {
      const chunk: Buffer | null = stream.read();
      if (chunk !== null) return chunk;
      if (failure !== null) throw failure;
      if (ended) return null;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }

  return {
    async read(into, at, length) {
      if (rest === null || rest.length === 0) rest = await pull();
      if (rest === null) return 0;
      const copied = rest.copy(into, at, 0, length);
      rest = rest.subarray(copied);
      return copied;
    },
    async close() {
      stream.off('readable', onReadable).pause();
      onEnd();
    },
  };
}

/** The unpacked bytes of a gzip file, all members of it, from an unpacked position on. The handle stays open. */
export async function gzipBytes(handle: FileHandle, position: number): Promise<ByteSource> {
  const packed = fileStream(handle);
  const unpacked = createGunzip({ chunkSize: 256 * 1024 });
  packed.once('error', (error) => unpacked.destroy(error));
  packed.pipe(unpacked);
  const bytes = streamBytes(unpacked);
  const source: ByteSource = {
    read: bytes.read,
    async close() {
      packed.destroy();
      unpacked.destroy();
      await bytes.close();
    },
  };
  try {
    await discard(source, position);
  } catch (error) {
    await source.close();
    throw error;
  }
  return source;
}

/** The file as a stream. Node's own closes the handle when it is destroyed, and the handle is needed longer. */
function fileStream(handle: FileHandle): Readable {
  let position = 0;
  return new Readable({
    highWaterMark: PACKED_CHUNK_BYTES,
    read() {
      handle.read(Buffer.allocUnsafe(PACKED_CHUNK_BYTES), 0, PACKED_CHUNK_BYTES, position).then(
        ({ bytesRead, buffer }) => {
          position += bytesRead;
          this.push(bytesRead === 0 ? null : buffer.subarray(0, bytesRead));
        },
        (error: Error) => this.destroy(error),
      );
    },
  });
}

async function discard(source: ByteSource, count: number): Promise<void> {
  const scratch = Buffer.allocUnsafe(256 * 1024);
  for (let left = count; left > 0; ) {
    const read = await source.read(scratch, 0, Math.min(left, scratch.length));
    if (read === 0) return;
    left -= read;
  }
}

const GZIP_MAGIC = [0x1f, 0x8b] as const;

export async function isGzip(handle: FileHandle): Promise<boolean> {
  const head = Buffer.alloc(2);
  const { bytesRead } = await handle.read(head, 0, 2, 0);
  return bytesRead === 2 && head[0] === GZIP_MAGIC[0] && head[1] === GZIP_MAGIC[1];
}
