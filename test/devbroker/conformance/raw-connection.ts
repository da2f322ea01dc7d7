/** A bare connection: bytes as they are, for what no client would send and for the end of connections. */
import net from 'node:net';
import type { ApiRequest } from '../../../src/kafka/lane';
import { parseAddress } from '../../../src/kafka/lane';
import { ByteReader, ByteWriter } from '../../../src/kafka/wire/bytes';
import { FrameReader } from '../../../src/kafka/wire/frames';
import { waitFor } from '../../support/wait';

/** An answer with its correlation id. */
export interface Answer {
  readonly id: number;
  readonly body: ByteReader;
}

export class RawConnection {
  readonly #socket: net.Socket;
  readonly #answers: Answer[] = [];
  #sent = 0;
  #ended = false;

  private constructor(socket: net.Socket) {
    this.#socket = socket;
    const frames = new FrameReader((frame) => {
      this.#answers.push({ id: frame.readInt32BE(0), body: new ByteReader(frame, 4) });
    });
    socket.on('data', (chunk) => frames.push(chunk));
    // A reset is an end as good as any.
    socket.on('error', () => socket.destroy());
    socket.on('end', () => socket.destroy());
    socket.on('close', () => {
      this.#ended = true;
    });
  }

  static open(address: string): Promise<RawConnection> {
    return new Promise((resolve, reject) => {
      const socket = net.connect(parseAddress(address), () => {
        socket.off('error', reject);
        resolve(new RawConnection(socket));
      });
      socket.setNoDelay(true);
      socket.once('error', reject);
    });
  }

  /** Answers the correlation id. */
  send<T>(request: ApiRequest<T>, clientId: string | null = 'raw'): number {
    const writer = new ByteWriter();
    const id = ++this.#sent;
    writer.int32(0).int16(request.apiKey).int16(request.apiVersion).int32(id).nullableString(clientId);
    request.encode(writer);
    writer.setInt32(0, writer.length - 4);
    this.write(writer.bytes());
    return id;
  }

  write(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  /** The next answer, whatever was asked. */
  async answer(): Promise<Answer> {
    await waitFor(() => this.#answers.length > 0 || this.#ended, { intervalMs: 2, what: 'an answer' });
    const answer = this.#answers.shift();
    if (answer === undefined) throw new Error('the connection ended without an answer');
    return answer;
  }

  /** Resolves when the broker has ended the connection, and fails when it answered something before. */
  async ended(): Promise<void> {
    await this.endedAnyway();
    if (this.#answers.length > 0) throw new Error('the broker answered');
  }

  /** Resolves when the broker has ended the connection, whatever it answered. */
  async endedAnyway(): Promise<void> {
    await waitFor(() => this.#ended, { what: 'the end of the connection' });
  }

  get isOpen(): boolean {
    return !this.#ended;
  }

  close(): void {
    this.#socket.destroy();
  }
}
