import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { hold, holdData } from '../../../src/cli/services/data-folder';
import { killAllProcesses, startProcess } from '../../support/process';

const dir = mkdtempSync(path.join(tmpdir(), 'data-folder-'));
afterAll(async () => {
  await killAllProcesses();
  rmSync(dir, { recursive: true });
});

const lock = path.resolve(__dirname, '../../../scripts/stack/lock.cjs');
const holding = `const { holder } = require(${JSON.stringify(lock)}).holdFolder(process.argv[1]);
  console.log(holder === null ? 'held' : 'taken'); setInterval(() => {}, 1000);`;

describe('a data folder', () => {
  test('is made, and free again once it was released', () => {
    const folder = path.join(dir, 'a/b');
    const held = holdData(folder);
    expect([held.path, existsSync(folder)]).toEqual([folder, true]);
    expect(() => hold(folder)).toThrow(`Process ${process.pid} uses the data folder ${folder}`);
    held.release();
    hold(folder).release();
    expect(readdirSync(folder)).toEqual([]);
  });

  test('belongs to one process as long as that lives, however it ends', async () => {
    const folder = path.join(dir, 'shared');
    const other = startProcess(process.execPath, ['-e', holding, folder]);
    await other.waitForOutput(/held/);
    expect(() => hold(folder)).toThrow(
      expect.objectContaining({ code: 'CONFLICT', hint: expect.stringContaining('--data') }),
    );
    await other.kill();
    hold(folder).release();
  });

  test('that cannot be made is told with its name', () => {
    const file = path.join(dir, 'file');
    writeFileSync(file, '');
    expect(() => hold(path.join(file, 'x'))).toThrow(
      expect.objectContaining({ code: 'FILE_UNREADABLE', message: expect.stringContaining(`${file}/x`) }),
    );
  });

  test('is where MILLRACE_DATA says when no option does', () => {
    process.env.MILLRACE_DATA = path.join(dir, 'env');
    const held = holdData(undefined);
    delete process.env.MILLRACE_DATA;
    expect(held.path).toBe(path.join(dir, 'env'));
    held.release();
  });
});
