import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runThread } from '../../../src/cli/services/dev-broker';
import type { MillraceError } from '../../../src/kernel';
import { waitFor } from '../../support/wait';

const dir = mkdtempSync(path.join(tmpdir(), 'broker-thread-'));
afterAll(() => rmSync(dir, { recursive: true }));

const data = { broker: {}, log: {} };
const crashes: MillraceError[] = [];
const note = (error: MillraceError) => void crashes.push(error);
beforeEach(() => crashes.splice(0));

/** A thread that stands in for the broker's. */
function thread(name: string, source: string): string {
  const file = path.join(dir, `${name}.js`);
  writeFileSync(file, `const { parentPort } = require('node:worker_threads');\n${source}`);
  return file;
}

const READY = "parentPort.postMessage({ addresses: ['127.0.0.1:1'] });";
const CLOSES = "parentPort.once('message', () => parentPort.postMessage('closed'));";

describe('the thread of the dev broker', () => {
  test('answers where it listens, and ends when it is closed', async () => {
    const broker = await runThread(thread('good', CLOSES + READY), data, note);
    expect(broker.address).toBe('127.0.0.1:1');
    await broker.close();
    await broker.close();
    expect(crashes).toEqual([]);
  });

  test.each([
    ['throws', "throw new Error('no such folder')", 'The dev broker failed while starting'],
    ['ends', 'process.exit(3)', 'The dev broker ended while starting, with code 3'],
  ])('that %s before it is ready is an error of the start', async (name, source, message) => {
    await expect(runThread(thread(name, source), data, note)).rejects.toThrow(message);
    expect(crashes).toEqual([]);
  });

  test('that cannot start for a reason that its user can mend tells it', async () => {
    const failure = { code: 'CONFLICT', message: 'Process 7 uses the folder', hint: 'Stop it.' };
    const file = thread('refuses', `parentPort.postMessage(${JSON.stringify(failure)});`);
    await expect(runThread(file, data, note)).rejects.toMatchObject(failure);
    expect(crashes).toEqual([]);
  });

  test('that crashes later is told once, with its cause', async () => {
    const source = `${CLOSES}${READY} setTimeout(() => { throw new Error('index out of range'); }, 20);`;
    const broker = await runThread(thread('crash', source), data, note);
    await waitFor(() => crashes.length > 0, { what: 'the crash' });
    await broker.close();
    expect(crashes.map(({ message, cause }) => [message, (cause as Error).message])).toEqual([
      ['The dev broker failed while running', 'index out of range'],
    ]);
  });

  test('that fails to close says so', async () => {
    const source = `parentPort.once('message', () => { throw new Error('disk full'); }); ${READY}`;
    const broker = await runThread(thread('stuck', source), data, note);
    await expect(broker.close()).rejects.toThrow('The dev broker failed while closing');
    expect(crashes).toEqual([]);
  });
});
