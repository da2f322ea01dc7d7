import fs from 'node:fs';
import path from 'node:path';
import { openLog } from '../../../src/devbroker/log/log';
import { Code } from '../../../src/devbroker/refusal';
import { SILENT } from '../../../src/kernel';
import { batch, codeOf, logOptions, readAll, temporaryFolder, valuesOf } from './support';

afterEach(() => jest.restoreAllMocks());

it('serves more files than may be open at once', () => {
  const dir = temporaryFolder();
  const logs = Array.from({ length: 300 }, (_, n) => openLog(logOptions({}, path.join(dir, `topic-${n}`))));
  for (const round of ['a', 'b'])
    for (const [n, log] of logs.entries()) log.append(batch([`${round}${n}`]), 0);
  for (const [n, log] of logs.entries()) expect(valuesOf(log)).toEqual([`a${n}`, `b${n}`]);
  for (const log of logs) log.close();
});

it('finishes what the system has written in pieces', () => {
  const log = openLog(logOptions({}, temporaryFolder()));
  const write = fs.writevSync;
  for (const size of [5, 16, 40]) {
    jest.spyOn(fs, 'writevSync').mockImplementationOnce((fd, buffers, position) => {
      const all = Buffer.concat(buffers as Buffer[]);
      return write(fd, [all.subarray(0, size)], position ?? undefined);
    });
    log.append(batch([`cut at ${size}`]), 0);
  }
  expect(valuesOf(log)).toEqual(['cut at 5', 'cut at 16', 'cut at 40']);
  log.close();
});

it('answers KAFKA_STORAGE_ERROR when the disk is full, says why, and goes on when it is not', () => {
  const errors: object[] = [];
  const logger = { ...SILENT, error: (fields: object) => void errors.push(fields) };
  const dir = temporaryFolder();
  const log = openLog({ ...logOptions({}, dir), logger });
  log.append(batch(['a']), 0);
  const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
  const write = fs.writevSync;
  jest.spyOn(fs, 'writevSync').mockImplementationOnce((fd, buffers, position) => {
    write(fd, [(buffers as Buffer[])[0]!], position ?? undefined);
    throw full;
  });
  const send = (value: string, sequence: number) =>
    log.append(batch([value], { producerId: 5, epoch: 0, sequence }), 0);
  expect(codeOf(() => send('b', 0))).toBe(Code.KAFKA_STORAGE_ERROR);
  expect(errors).toEqual([{ topic: 'topic', partition: 3, error: full }]);
  expect(log.endOffset).toBe(1);
  expect(log.producer(5)).toBeUndefined();
  expect(send('b', 0).baseOffset).toBe(1);
  log.close();
  expect(valuesOf(openLog(logOptions({}, dir)))).toEqual(['a', 'b']);
});

it('is on the disk before append returns with flushMs 0, else with flush', () => {
  const sync = jest.spyOn(fs, 'fsyncSync');
  const eager = openLog({ ...logOptions({}, temporaryFolder()), flushMs: 0 });
  sync.mockClear();
  eager.append(batch(['a']), 0);
  expect(sync.mock.calls.length).toBeGreaterThan(0);
  const lazy = openLog(logOptions({}, temporaryFolder()));
  sync.mockClear();
  lazy.append(batch(['a']), 0);
  expect(sync).not.toHaveBeenCalled();
  lazy.flush();
  expect(sync.mock.calls.length).toBeGreaterThan(0);
  sync.mockClear();
  lazy.flush();
  expect(sync).not.toHaveBeenCalled();
  for (const log of [eager, lazy]) log.remove();
});

it('keeps what was read while its segment goes', () => {
  const log = openLog(logOptions({ segmentBytes: 100 }, temporaryFolder()));
  log.append(batch(['a']), 0);
  const { chunks } = readAll(log);
  const before = Buffer.concat(chunks);
  log.append(batch(['b']), 0);
  log.deleteBefore(1);
  expect(Buffer.concat(chunks).equals(before)).toBe(true);
  log.remove();
});
