/** What holds for every connection: versions, order of answers, and what ends it. */
import type { ApiRequest } from '../../../src/kafka/lane';
import { metadataRequest } from '../../../src/kafka/wire/metadata';
import { SPOKEN } from '../../../src/kafka/wire/versions';
import { waitFor } from '../../support/wait';
import { batchOf } from './batches';
import { Client } from './client';
import { conformance, scenario } from './harness';
import { RawConnection } from './raw-connection';
import { rawFetch, rawProduce } from './requests';

const API_VERSIONS = 18;

/** A request of which only the header matters, and whatever follows it. */
const bare = (apiKey: number, apiVersion: number, body = Buffer.alloc(0)): ApiRequest<void> => ({
  apiKey,
  apiVersion,
  apiName: 'bare',
  encode: (writer) => void writer.raw(body),
  decode() {},
});

interface Offered {
  readonly error: number;
  readonly apis: readonly { readonly key: number; readonly min: number; readonly max: number }[];
  readonly throttleMs?: number;
  /** Bytes that follow. */
  readonly left: number;
}

conformance('connections', (target) => {
  const client = new Client(target);

  async function connected<T>(run: (connection: RawConnection) => Promise<T>): Promise<T> {
    const connection = await RawConnection.open(target.address);
    try {
      return await run(connection);
    } finally {
      connection.close();
    }
  }

  async function offered(
    connection: RawConnection,
    version: number,
    answerVersion = version,
  ): Promise<Offered> {
    // Later versions have tagged fields in the header: none.
    connection.send(bare(API_VERSIONS, version, Buffer.alloc(version > 2 ? 1 : 0)));
    const { body } = await connection.answer();
    const error = body.int16();
    const apis = body.array((r) => ({ key: r.int16(), min: r.int16(), max: r.int16() }));
    const throttle = answerVersion >= 1 ? { throttleMs: body.int32() } : {};
    return { error, apis, ...throttle, left: body.remaining };
  }

  const isServed = (connection: RawConnection) =>
    waitFor(async () => (await offered(connection, 0)).error === 0 && connection.isOpen);

  scenario('ApiVersions 0: codes and ranges, nothing else', () =>
    connected(async (connection) => {
      const answer = await offered(connection, 0);
      expect(answer).toMatchObject({ error: 0, left: 0 });
      expect(answer.throttleMs).toBeUndefined();
      expect(answer.apis.length).toBeGreaterThan(20);
    }),
  );

  scenario('ApiVersions 1 and 2 tell how long to hold back', () =>
    connected(async (connection) => {
      for (const version of [1, 2]) {
        expect(await offered(connection, version)).toMatchObject({ error: 0, throttleMs: 0, left: 0 });
      }
    }),
  );

  scenario('every version that millrace speaks is offered', () =>
    connected(async (connection) => {
      const { apis } = await offered(connection, 2);
      const ranges = new Map(apis.map((api) => [api.key, api]));
      for (const [name, key, version] of SPOKEN) {
        const { min, max } = ranges.get(key) ?? { min: -1, max: -1 };
        expect([name, min <= version && version <= max]).toEqual([name, true]);
      }
    }),
  );

  scenario('ApiVersions of the future: code 35 in version 0, with the versions of ApiVersions alone', () =>
    connected(async (connection) => {
      const answer = await offered(connection, 99, 0);
      expect(answer).toMatchObject({ error: 35, left: 0 });
      expect(answer.apis.map(({ key, min }) => [key, min])).toEqual([[API_VERSIONS, 0]]);
      await isServed(connection);
    }),
  );

  scenario('an api key that nobody has ends the connection', () =>
    connected(async (connection) => {
      connection.send(bare(999, 0));
      await connection.ended();
    }),
  );

  scenario('a version of the future ends the connection', () =>
    connected(async (connection) => {
      connection.send(bare(3, 99));
      await connection.ended();
    }),
  );

  scenario('a negative version ends the connection', () =>
    connected(async (connection) => {
      connection.send(bare(3, -1));
      await connection.ended();
    }),
  );

  scenario('a request that is shorter than its fields ends the connection', () =>
    connected(async (connection) => {
      connection.send(bare(3, 6, Buffer.from([0, 0, 0, 5, 0, 3, 97])));
      await connection.ended();
    }),
  );

  scenario('a request that announces more items than it has bytes ends the connection', () =>
    connected(async (connection) => {
      connection.send(bare(2, 3, Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0x7f, 0xff, 0xff, 0xff])));
      await connection.ended();
    }),
  );

  scenario('a frame of more than 100 MiB ends the connection', () =>
    connected(async (connection) => {
      connection.write(Buffer.from([0x7f, 0xff, 0xff, 0xff, 0, 3, 0, 6]));
      await connection.ended();
    }),
  );

  scenario('a frame of negative size ends the connection', () =>
    connected(async (connection) => {
      connection.write(Buffer.from([0xff, 0xff, 0xff, 0xff]));
      await connection.ended();
    }),
  );

  scenario('an HTTP request ends the connection', () =>
    connected(async (connection) => {
      connection.write(Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'));
      await connection.ended();
    }),
  );

  scenario('a frame without a header ends the connection', () =>
    connected(async (connection) => {
      connection.write(Buffer.from([0, 0, 0, 4, 0, 3, 0, 6]));
      await connection.ended();
    }),
  );

  scenario('the end of one connection leaves others alone', () =>
    connected(async (connection) => {
      const broken = await RawConnection.open(target.address);
      broken.write(Buffer.from([0xff, 0xff, 0xff, 0xff]));
      await broken.ended();
      await isServed(connection);
    }),
  );

  scenario('a frame may come byte by byte', () =>
    connected(async (connection) => {
      const frame = Buffer.from([0, 0, 0, 13, 0, 18, 0, 0, 0, 0, 0, 7, 0, 3, 114, 97, 119]);
      for (const byte of frame) {
        connection.write(Buffer.from([byte]));
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect((await connection.answer()).id).toBe(7);
    }),
  );

  scenario('no client id', () =>
    connected(async (connection) => {
      const id = connection.send(metadataRequest([], false), null);
      expect((await connection.answer()).id).toBe(id);
      connection.send(metadataRequest([], false), '');
      expect((await connection.answer()).id).toBe(id + 1);
    }),
  );

  scenario('requests of one connection are answered in their order', () =>
    connected(async (connection) => {
      const topic = await target.topic();
      const partitions = [{ topic, partition: 0, offset: 0 }];
      const bytes = batchOf(['a']);
      const ids = [
        connection.send(rawFetch({ partitions, maxWaitMs: 200 })),
        connection.send(rawProduce({ partitions: [{ topic, partition: 0, bytes }] })),
        connection.send(metadataRequest([topic], false)),
        connection.send(bare(API_VERSIONS, 0)),
      ];
      const answered: number[] = [];
      for (const _ of ids) answered.push((await connection.answer()).id);
      expect(answered).toEqual(ids);
    }),
  );

  scenario('a request waits for the one before it: the produce comes after the fetch', () =>
    connected(async (connection) => {
      const topic = await target.topic();
      const partitions = [{ topic, partition: 0, offset: 0 }];
      const begin = performance.now();
      const fetch = rawFetch({ partitions, maxWaitMs: 300 });
      connection.send(fetch);
      connection.send(rawProduce({ partitions: [{ topic, partition: 0, bytes: batchOf(['late']) }] }));
      const fetched = fetch.decode((await connection.answer()).body);
      expect(performance.now() - begin).toBeGreaterThanOrEqual(295);
      expect(fetched.partitions).toMatchObject([{ error: 0, highWatermark: 0 }]);
      await connection.answer();
      expect((await client.offset(topic, -1)).offset).toBe(1);
    }),
  );

  scenario('many requests at once', () =>
    connected(async (connection) => {
      const ids = Array.from({ length: 200 }, () => connection.send(metadataRequest([], false)));
      for (const id of ids) expect((await connection.answer()).id).toBe(id);
    }),
  );

  scenario('bytes behind the fields of a request are not minded', () =>
    connected(async (connection) => {
      // No topics, no creation, and three bytes more.
      const id = connection.send(bare(3, 6, Buffer.from([0, 0, 0, 0, 0, 1, 2, 3])));
      expect((await connection.answer()).id).toBe(id);
    }),
  );

  scenario('a login is not expected without SASL', () =>
    connected(async (connection) => {
      const plain = Buffer.from([0, 5, ...Buffer.from('PLAIN')]);
      const id = connection.send(bare(17, 1, plain));
      const { id: answered, body } = await connection.answer();
      expect([answered, body.int16()]).toEqual([id, 34]);
    }),
  );
});
