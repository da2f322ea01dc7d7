import { PassThrough } from 'node:stream';
import { SourceHarness } from '../support';

const real = Object.getOwnPropertyDescriptor(process, 'stdin')!;
let input: PassThrough;

beforeEach(() => {
  input = new PassThrough();
  Object.defineProperty(process, 'stdin', { value: input, configurable: true });
});
afterEach(() => {
  Object.defineProperty(process, 'stdin', real);
});

const open = (waitMs = '1') =>
  SourceHarness.open('file-stream-source', { topic: 't', 'poll.interval.ms': waitMs });

test('standard input is read line by line as it comes, and to its end', async () => {
  await using source = await open();
  expect(await source.poll()).toEqual([]);
  input.write('a\nhal');
  await source.take(1);
  expect(await source.poll()).toEqual([]);
  expect(source.task.exhausted!()).toBe(false);
  input.write('f\r\n');
  input.end('last');
  await source.drain();
  expect(source.values).toEqual(['a', 'half', 'last']);
  expect(source.records[0]).toMatchObject({
    sourcePartition: { filename: null },
    sourceOffset: { position: 2 },
  });
});

test('much input at once is bounded by batches, nothing is lost', async () => {
  const lines = Array.from({ length: 50_000 }, (_, i) => `${i} ${'é'.repeat(i % 50)}`);
  input.end(lines.join('\n'));
  await using source = await open();
  await source.drain();
  expect(source.values).toEqual(lines);
});

test('waiting for input ends at once when the task stops', async () => {
  await using source = await open('60000');
  const waiting = source.poll();
  source.abort();
  expect(await waiting).toEqual([]);
});
