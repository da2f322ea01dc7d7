/** `millrace dev-broker`: the dev broker alone, in the foreground. For kcat, other languages' tests, and trying. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type DevBroker, type DevBrokerOptions, startDevBroker } from '../devbroker';
import { ConfigError, MillraceError, parseSizeBytes } from '../kernel';
import { printErr, printOut } from './exit';
import { type LogOptions, openLogger } from './logging';
import { watchSignals } from './signals';

export interface DevBrokerCommand extends LogOptions {
  readonly port: number;
  readonly host: string;
  readonly nodes: number;
  readonly data?: string;
  readonly flushMs?: number;
  readonly maxBytes?: string;
  readonly controlPort?: number;
  /** `name:password` */
  readonly user?: readonly string[];
  /** File with one of these per line. */
  readonly users?: string;
  /** `key=value` */
  readonly config?: readonly string[];
  readonly json?: boolean;
}

/** Runs until a signal. */
export async function devBroker(command: DevBrokerCommand): Promise<void> {
  const interruption = watchSignals();
  const logger = openLogger({ logFormat: 'text', logLevel: 'warn', ...command });
  const options = { ...optionsOf(command), logger };
  try {
    const broker = await open(options);
    announce(broker, command, options);
    await interruption.signalled;
    await broker.close();
  } finally {
    logger.flush();
  }
}

async function open(options: DevBrokerOptions): Promise<DevBroker> {
  try {
    return await startDevBroker(options);
  } catch (error) {
    const { code, port } = error as NodeJS.ErrnoException & { port?: number };
    if (code !== 'EADDRINUSE') throw error;
    throw new MillraceError('CONFLICT', `Port ${port} of ${options.host} is taken`, {
      hint: 'Give another one with --port, or 0 for any that is free.',
    });
  }
}

function announce(broker: DevBroker, { json, users, user }: DevBrokerCommand, options: DevBrokerOptions) {
  const { addresses, controlUrl } = broker;
  const say = json ? printErr : printOut;
  say(`Dev broker at ${addresses.join(',')}: for trying and tests, never for production`);
  if (user !== undefined || users !== undefined) say('Logins: SASL PLAIN without TLS');
  if (controlUrl !== null) say(`Control port ${controlUrl}`);
  say(stateOf(options));
  if (json) printOut(JSON.stringify({ addresses, controlUrl }));
}

const stateOf = ({ dataDir, flushMs = 1000 }: DevBrokerOptions): string =>
  dataDir === undefined
    ? 'Everything is in memory, and gone at the end (--data keeps it)'
    : `State in ${dataDir}, synced ${flushMs === 0 ? 'before each answer' : `within ${flushMs} ms`}`;

function optionsOf(command: DevBrokerCommand): DevBrokerOptions {
  const { port, host, nodes, data, flushMs, controlPort } = command;
  return {
    port,
    host,
    nodes,
    controlPort,
    flushMs,
    dataDir: data === undefined ? undefined : path.resolve(data),
    maxBytes: command.maxBytes === undefined ? undefined : sizeOf(command.maxBytes),
    users: usersOf(command),
    configs: pairs(command.config ?? [], '=', '--config'),
  };
}

function sizeOf(text: string): number {
  const bytes = parseSizeBytes(text);
  if (bytes !== null) return bytes;
  throw new ConfigError(`--max-bytes ${text} is no size`, { hint: 'Write it as 512MiB or in bytes.' });
}

function usersOf({ user, users }: DevBrokerCommand): Record<string, string> | undefined {
  if (user === undefined && users === undefined) return undefined;
  const lines = users === undefined ? [] : linesOf(users);
  return { ...pairs(lines, ':', `--users ${users}`), ...pairs(user ?? [], ':', '--user') };
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, 'utf8')
      .split(/\r?\n/)
      .filter((line) => line !== '');
  } catch (error) {
    throw new MillraceError('FILE_UNREADABLE', `--users ${file}: ${(error as Error).message}`);
  }
}

/** What stands before and after the first separator. Values are not told: they may be passwords. */
function pairs(texts: readonly string[], separator: string, option: string): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => {
      const at = text.indexOf(separator);
      if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
      throw new ConfigError(`${option} wants name${separator}value, with a name before "${separator}"`);
    }),
  );
}
