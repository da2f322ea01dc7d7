/** Real processes for tests: start, read what they print, kill them as hard as needed. */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { type WaitOptions, waitFor } from './wait';

export const repositoryRoot = path.resolve(__dirname, '../..');

export interface ProcessOptions {
  /** On top of the environment of the tests; undefined removes a variable. */
  env?: Record<string, string | undefined>;
  cwd?: string;
  /** Written to standard input, which is then closed. */
  input?: string;
}

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface RunningProcess extends AsyncDisposable {
  readonly pid: number;
  /** All it has printed so far. */
  stdout(): string;
  stderr(): string;
  /** Settles when the process has ended and its output is complete. */
  readonly exited: Promise<Exit>;
  hasExited(): boolean;
  /** Waits until stdout and stderr together match; answers the match. Fails at once when the process ends without. */
  waitForOutput(pattern: RegExp, options?: WaitOptions): Promise<RegExpExecArray>;
  signal(name: NodeJS.Signals): void;
  /** SIGTERM, and SIGKILL after `timeoutMs` (default 10 s). */
  stop(timeoutMs?: number): Promise<Exit>;
  /** SIGKILL. */
  kill(): Promise<Exit>;
}

const running = new Set<RunningProcess>();

export function startProcess(
  command: string,
  args: readonly string[],
  options: ProcessOptions = {},
): RunningProcess {
  const child = spawn(command, args, {
    cwd: options.cwd ?? repositoryRoot,
    env: { ...process.env, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  let exit: Exit | undefined;
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  // A process that ends without reading its input closes the pipe: that is its right.
  child.stdin.on('error', () => undefined).end(options.input);
  const exited = new Promise<Exit>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve((exit = { code, signal })));
  });
  exited.catch(() => undefined).finally(() => running.delete(self));

  async function waitForOutput(pattern: RegExp, wait: WaitOptions = {}): Promise<RegExpExecArray> {
    const find = () => pattern.exec(stdout) ?? pattern.exec(stderr);
    const what = `${pattern} in the output of ${path.basename(command)} ${args.join(' ')}`;
    await waitFor(() => exit !== undefined || find() !== null, { timeoutMs: 30_000, what, ...wait });
    const found = find();
    if (!found)
      throw new Error(`The process ended (${JSON.stringify(exit)}) without ${what}:\n${stdout}\n${stderr}`);
    return found;
  }

  async function stop(timeoutMs = 10_000): Promise<Exit> {
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    return exited.finally(() => clearTimeout(timer));
  }

  async function kill(): Promise<Exit> {
    child.kill('SIGKILL');
    return exited;
  }

  const self: RunningProcess = {
    pid: child.pid ?? -1,
    stdout: () => stdout,
    stderr: () => stderr,
    exited,
    hasExited: () => exit !== undefined,
    waitForOutput,
    signal: (name) => void child.kill(name),
    stop,
    kill,
    [Symbol.asyncDispose]: async () => void (await kill()),
  };
  running.add(self);
  return self;
}

/** `bin/millrace` with these arguments. */
export function startMillrace(args: readonly string[], options?: ProcessOptions): RunningProcess {
  return startProcess(process.execPath, [path.join(repositoryRoot, 'bin/millrace'), ...args], options);
}

/** Runs a program to its end. */
export async function runProcess(command: string, args: readonly string[], options?: ProcessOptions) {
  const child = startProcess(command, args, options);
  const exit = await child.exited;
  return { ...exit, stdout: child.stdout(), stderr: child.stderr() };
}

/** For `afterAll` or `afterEach`: kills whatever the tests of this file left running. */
export async function killAllProcesses(): Promise<void> {
  await Promise.all([...running].map((each) => each.kill()));
}
