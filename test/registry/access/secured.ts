/** A registry with logins and permissions, and requests by its users. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createLogger, createPrometheus } from '../../../src/http';
import { REGISTRY_CONFIG, type RegistryOptions } from '../../../src/registry';
import { openSecurity } from '../../../src/registry/access/security';
import type { HttpReply } from '../../support/http';
import { type RegistryClient, startClient } from '../client';
import { createFakeKafka, type FakeKafka } from '../fake-kafka';

export interface Secured {
  readonly client: RegistryClient;
  readonly kafka: FakeKafka;
  readonly dir: string;
  /** All that was logged, one JSON line per event. */
  log(): string[];
  /** The audit lines, without what every line has. */
  audited(): Record<string, unknown>[];
  as(user: string | null, method: string, path: string, body?: unknown): Promise<HttpReply>;
  close(): Promise<void>;
}

export const passwordOf = (user: string): string => `password-of-${user}-qwertz`;

export const credentials = (user: string, password = passwordOf(user)): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
});

/** `users`: names with their roles. */
export async function startSecured(
  users: Readonly<Record<string, readonly string[]>>,
  permissions: string | null,
  more: Readonly<Record<string, string>> = {},
  options: Partial<RegistryOptions> = {},
): Promise<Secured> {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'millrace-secured-'));
  const lines = Object.entries(users).map(([name, roles]) =>
    [`${name}: ${passwordOf(name)}`, ...roles].join(','),
  );
  writeFileSync(path.join(dir, 'users'), lines.join('\n'));
  if (permissions !== null) writeFileSync(path.join(dir, 'permissions.yaml'), permissions);
  const config = REGISTRY_CONFIG.parse({
    'kafkastore.bootstrap.servers': 'unused:1',
    'authentication.method': 'BASIC',
    'authentication.users.file': path.join(dir, 'users'),
    'authentication.allow.plain.passwords': 'true',
    ...(permissions !== null && { 'authorization.permissions.file': path.join(dir, 'permissions.yaml') }),
    ...more,
  });
  const logged: string[] = [];
  const logger = createLogger({
    level: 'debug',
    destination: { write: (line: string) => void logged.push(line) },
  });
  const kafka = createFakeKafka();
  const client = await startClient(kafka.port, {
    logger,
    prometheus: createPrometheus({ processMetrics: false }),
    security: await openSecurity(config, logger),
    ...options,
  });
  return {
    client,
    kafka,
    dir,
    log: () => logged,
    audited: () =>
      logged
        .map((line) => JSON.parse(line) as Record<string, unknown>)
        .filter(({ msg }) => msg === 'Audit')
        .map(({ time: _time, level: _level, msg: _msg, requestId: _id, address: _address, ...told }) => told),
    as: (user, method, url, body) =>
      client.send(method, url, body, user === null ? undefined : credentials(user)),
    async close() {
      await client.running.close();
      rmSync(dir, { recursive: true });
    },
  };
}
