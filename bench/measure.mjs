/** A worker process seen from outside: CPU and memory of its whole process tree, and when records arrive. */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const TICKS_PER_SECOND = 100;
const POLL_MS = 20;

/** User and system seconds, resident bytes and their peak, of a process and its children. Linux only; zeros elsewhere. */
export function usage(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const own =
      (Number(fields[11]) + Number(fields[12]) + Number(fields[13]) + Number(fields[14])) / TICKS_PER_SECOND;
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const bytes = (name) => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1] ?? 0) * 1024;
    const result = { cpuSeconds: own, residentBytes: bytes('VmRSS'), peakBytes: bytes('VmHWM') };
    for (const child of childrenOf(pid)) {
      const of = usage(child);
      result.cpuSeconds += of.cpuSeconds;
      result.residentBytes += of.residentBytes;
      result.peakBytes += of.peakBytes;
    }
    return result;
  } catch {
    return { cpuSeconds: 0, residentBytes: 0, peakBytes: 0 };
  }
}

const childrenOf = (pid) => {
  const children = [];
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    children.push(
      ...readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim().split(' ').filter(Boolean),
    );
  }
  return children.map(Number);
};

/**
 * Runs a worker until `arrived` reports `wanted` records.
 * @param arrived asks how many records are on the other side
 * @returns seconds from exec, between first and last record, CPU and peak memory of the worker
 */
export async function runWorker({ command, args, env, wanted, arrived, timeoutMs = 600_000, log }) {
  const started = performance.now();
  const child = spawn(command[0], [...command.slice(1), ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', log, log],
  });
  let exited = null;
  child.on('exit', (code, signal) => (exited = signal ?? `code ${code}`));
  let firstAt = null;
  let lastAt = null;
  let seen = 0;
  try {
    while (seen < wanted) {
      if (exited !== null) throw new Error(`the worker ended early with ${exited}`);
      if (performance.now() - started > timeoutMs)
        throw new Error(`only ${seen} of ${wanted} records in time`);
      await sleep(POLL_MS);
      const count = await arrived();
      const now = performance.now();
      if (count > seen) lastAt = now;
      if (count > 0) firstAt ??= now;
      seen = count;
    }
    const { cpuSeconds, peakBytes } = usage(child.pid);
    return {
      seen,
      wallSeconds: (lastAt - started) / 1000,
      firstSeconds: (firstAt - started) / 1000,
      flowSeconds: Math.max((lastAt - firstAt) / 1000, POLL_MS / 1000),
      cpuSeconds,
      peakBytes,
    };
  } finally {
    if (exited === null) {
      child.kill('SIGTERM');
      const gone = new Promise((resolve) => child.once('exit', resolve));
      await Promise.race([gone, sleep(15_000).then(() => child.kill('SIGKILL'))]);
    }
  }
}
