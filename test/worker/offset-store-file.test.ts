import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { SILENT } from '../../src/kernel';
import { openFileOffsetStore } from '../../src/worker/offset-store-file';

const dir = mkdtempSync(path.join(tmpdir(), 'offsets-'));
afterAll(() => rmSync(dir, { recursive: true }));

let count = 0;
const freshFile = () => path.join(dir, `sub${count++}`, 'connect.offsets');

/** Written by java.io.ObjectOutputStream from a HashMap<byte[], byte[]> of three entries, one value null. */
const JAVA_FILE = Buffer.from(
  'rO0ABXNyABFqYXZhLnV0aWwuSGFzaE1hcAUH2sHDFmDRAwACRgAKbG9hZEZhY3RvckkACXRocmVzaG9sZHhwP0AAAAAAAAx3CAAAABAAAAADdXIAAltC' +
    'rPMX+AYIVOACAAB4cAAAABlbImdvbmUiLHsiZmlsZW5hbWUiOiJ4In1dcHVxAH4AAgAAACpbImZpbGUtc291cmNlIix7ImZpbGVuYW1lIjoiL3RtcC9p' +
    'bi50eHQifV11cQB+AAIAAAAPeyJwb3NpdGlvbiI6NDJ9dXEAfgACAAAALlsiamRiYyIseyJwcm90b2NvbCI6IjEiLCJ0YWJsZSI6InB1YmxpYy50w6Qi' +
    'fV11cQB+AAIAAABIeyJpbmNyZW1lbnRpbmciOjcsInRpbWVzdGFtcCI6MTcwMDAwMDAwMDAwMCwidGltZXN0YW1wX25hbm9zIjoxMjMwMDAwMDB9eA==',
  'base64',
);

describe('offsets in a file', () => {
  test('what was set is there after a restart, removed ones are not', async () => {
    const file = freshFile();
    const store = await openFileOffsetStore(file, SILENT);
    expect(await store.get('c', [{ filename: 'a' }])).toEqual([null]);
    await store.set('c', [
      { partition: { filename: 'a' }, offset: { position: 1 } },
      { partition: { filename: 'b' }, offset: { position: 2 } },
    ]);
    await store.set('d', [{ partition: { filename: 'a' }, offset: { position: 9 } }]);
    await store.set('c', [{ partition: { filename: 'b' }, offset: null }]);
    const again = await openFileOffsetStore(file, SILENT);
    expect(await again.get('c', [{ filename: 'b' }, { filename: 'a' }])).toEqual([null, { position: 1 }]);
    expect(await again.all('d')).toEqual([{ partition: { filename: 'a' }, offset: { position: 9 } }]);
  });

  test('integers beyond 2^53 keep all their digits', async () => {
    const file = freshFile();
    const offset = { incrementing: 9223372036854775807n };
    await (await openFileOffsetStore(file, SILENT)).set('c', [{ partition: { t: 1 }, offset }]);
    expect(await (await openFileOffsetStore(file, SILENT)).all('c')).toEqual([
      { partition: { t: 1 }, offset },
    ]);
  });

  test('many writes at once: each is durable when its promise resolves, the file is never half written', async () => {
    const file = freshFile();
    const store = await openFileOffsetStore(file, SILENT);
    await Promise.all(
      Array.from({ length: 200 }, async (_, i) => {
        await store.set('c', [{ partition: { n: i % 10 }, offset: { position: i } }]);
        const { connectors } = JSON.parse(readFileSync(file, 'utf8'));
        const row = connectors.c.find((each: { partition: { n: number } }) => each.partition.n === i % 10);
        expect(row.offset.position).toBeGreaterThanOrEqual(i);
      }),
    );
  });

  test('a file of a Java worker is taken over and kept aside', async () => {
    const file = path.join(dir, 'java.offsets');
    writeFileSync(file, JAVA_FILE);
    const store = await openFileOffsetStore(file, SILENT);
    expect(await store.all('file-source')).toEqual([
      { partition: { filename: '/tmp/in.txt' }, offset: { position: 42 } },
    ]);
    expect(await store.get('jdbc', [{ protocol: '1', table: 'public.tä' }])).toEqual([
      { incrementing: 7, timestamp: 1700000000000, timestamp_nanos: 123000000 },
    ]);
    expect(await store.all('gone')).toEqual([]);
    await store.set('jdbc', [
      { partition: { protocol: '1', table: 'public.tä' }, offset: { incrementing: 8 } },
    ]);
    expect(readFileSync(`${file}.java`)).toEqual(JAVA_FILE);
    const again = await openFileOffsetStore(file, SILENT);
    expect(await again.all('file-source')).toHaveLength(1);
  });

  test.each([
    ['{"a":', 'is no offset file'],
    ['{"a":1}', 'is no offset file'],
    [JAVA_FILE.subarray(0, 120), 'Java-serialized'],
    [Buffer.from('aced000573720005', 'hex'), 'Java-serialized'],
  ])('anything else is refused (%#)', async (content, message) => {
    const file = path.join(dir, `bad${count++}`);
    writeFileSync(file, content);
    await expect(openFileOffsetStore(file, SILENT)).rejects.toThrow(message);
  });
});
