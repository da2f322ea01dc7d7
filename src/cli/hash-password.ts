/** `millrace hash-password`: a line for a file of users. The password is read, never an argument: those are seen by everybody. */
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { hashPassword } from '../http';
import { EXIT, Exit, printErr, printOut } from './exit';

export interface HashOptions {
  readonly user?: string;
  readonly roles?: string;
}

export async function printHash({ user, roles }: HashOptions): Promise<void> {
  const password = process.stdin.isTTY ? await ask('Password: ') : await readFirstLine();
  if (password === '') {
    printErr('error: the password is empty');
    throw new Exit(EXIT.USAGE);
  }
  const hash = await hashPassword(password);
  const line = [hash, ...(roles ?? '').split(',').filter((role) => role !== '')].join(',');
  printOut(user === undefined ? line : `${user.replace(/[:=\s\\]/g, '\\$&')}: ${line}`);
}

/** Shows nothing of what is typed. */
async function ask(question: string): Promise<string> {
  process.stderr.write(question);
  const output = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output, terminal: true });
  const line = await new Promise<string>((resolve) => {
    terminal.once('line', resolve).once('close', () => resolve(''));
  });
  terminal.close();
  process.stderr.write('\n');
  return line;
}

async function readFirstLine(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8').split(/\r?\n/, 1)[0]!;
}
