/** Tries a connection step by step, so that a failure says where it is: name, network, encryption, login, rights, tables. */
import { lookup } from 'node:dns/promises';
import { connect as connectSocket, isIP } from 'node:net';
import { type Config, type ConnectionStep, MillraceError, SILENT } from '../../src/plugin';
import { describeTable, type TableInfo } from './catalog';
import { type ConnectionTarget, describeTarget, encryptionOf, openSession, type Session } from './connection';
import { quoteTable } from './identifier';
import type { HostAddress } from './jdbc-url';
import { tableOfTopic } from './sink/naming';
import type { SinkOptions } from './sink/options';
import { readLayout } from './source/layout';
import type { SourceOptions } from './source/options';
import { queryRelation, type Relation, tableRelation } from './source/relation';
import { findTables } from './source/tables';
import { classify, databaseError, describeError } from './sqlstate';

const CONNECT_MS = 5000;

const ok = (step: string, message: string): ConnectionStep => ({ step, status: 'ok', message });
const skipped = (step: string, message: string): ConnectionStep => ({ step, status: 'skipped', message });
const failed = (step: string, message: string, hint: string | null = null): ConnectionStep => ({
  step,
  status: 'failed',
  message,
  hint,
});

function failure(step: string, error: unknown, what: string): ConnectionStep {
  const { message, hint } = databaseError(error, what);
  return failed(step, message, hint);
}

export async function* testSink(
  config: Config,
  options: SinkOptions,
  signal: AbortSignal,
): AsyncGenerator<ConnectionStep> {
  yield* withSession(options.connection, signal, async function* (session) {
    const topics = (config.raw['topics'] ?? '')
      .split(',')
      .map((topic) => topic.trim())
      .filter((topic) => topic !== '');
    if (topics.length === 0) yield skipped('target', 'Which tables are written is known when records come.');
    for (const topic of topics) yield* testTable(session, topic, options);
  });
}

export async function* testSource(
  options: SourceOptions,
  signal: AbortSignal,
): AsyncGenerator<ConnectionStep> {
  yield* withSession(options.connection, signal, async function* (session) {
    const relations = await relationsOf(session, options);
    if (relations.length === 0) {
      yield failed(
        'target',
        'No table of the database is among those that the configuration names.',
        'Create it, or correct the list; names keep their letter case. Views need table.types=VIEW.',
      );
    }
    for (const relation of relations) yield* testRelation(session, relation, options);
  });
}

/** The steps that all have, then those of a session. What fails ends the test. */
async function* withSession(
  target: ConnectionTarget,
  signal: AbortSignal,
  steps: (session: Session) => AsyncGenerator<ConnectionStep>,
): AsyncGenerator<ConnectionStep> {
  const reached: HostAddress[] = [];
  for (const host of target.hosts) {
    const outcome = await reach(host, signal);
    yield* outcome;
    if (outcome.every(({ status }) => status !== 'failed')) reached.push(host);
  }
  if (reached.length === 0) return;
  let session: Session;
  try {
    session = await openSession({ ...target, hosts: reached }, {}, SILENT);
  } catch (error) {
    yield loginFailure(error);
    return;
  }
  const cut = (): void => session.cut();
  signal.addEventListener('abort', cut, { once: true });
  try {
    yield encryption(session, target);
    yield await login(session, target);
    yield* steps(session);
  } catch (error) {
    yield failure('target', error, `Asking ${describeTarget(target)}`);
  } finally {
    signal.removeEventListener('abort', cut);
    await session.close();
  }
}

async function reach({ host, port }: HostAddress, signal: AbortSignal): Promise<ConnectionStep[]> {
  const where = `${host}:${port}`;
  if (host.startsWith('/')) return [skipped('resolve', `${host} is a socket of this machine.`)];
  const steps: ConnectionStep[] = [];
  try {
    if (isIP(host)) steps.push(skipped('resolve', `${host} is an address.`));
    else {
      const addresses = await lookup(host, { all: true });
      steps.push(ok('resolve', `${host} is ${addresses.map(({ address }) => address).join(', ')}.`));
    }
  } catch (error) {
    const hint = 'Check the name of the host in the connection URL, and the name service of this worker.';
    return [failed('resolve', `${host} cannot be resolved: ${describeError(error)}`, hint)];
  }
  try {
    await touch(host, port, signal);
    steps.push(ok('connect', `${where} takes connections.`));
  } catch (error) {
    const hint = 'Check the port, that the server is up and listens there, and what firewalls let through.';
    steps.push(failed('connect', `${where} cannot be reached: ${describeError(error)}`, hint));
  }
  return steps;
}

function touch(host: string, port: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connectSocket({ host, port, signal });
    socket.setTimeout(CONNECT_MS, () => socket.destroy(new Error(`no answer within ${CONNECT_MS} ms`)));
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
  });
}

/** Encryption comes before the login, and both are one call of the driver. */
function loginFailure(error: unknown): ConnectionStep {
  const texts: string[] = [];
  for (let each = error; each instanceof Error; each = each.cause)
    texts.push(`${each.message} ${codeOf(each)}`);
  const isTls = texts.some((text) =>
    /CERT|ERR_TLS|UNABLE_TO|does not support SSL|sslmode|sslrootcert/.test(text),
  );
  return failure(isTls ? 'tls' : 'login', error, 'The database refuses the connection');
}

const codeOf = (error: Error): string => String((error as { code?: unknown }).code ?? '');

function encryption(session: Session, { tls }: ConnectionTarget): ConnectionStep {
  const protocol = encryptionOf(session);
  if (protocol === null)
    return skipped('tls', 'The connection is not encrypted; sslmode=require would ask for it.');
  const verified = tls === 'verify-ca' || tls === 'verify-full';
  return ok('tls', `${protocol}; the server's certificate ${verified ? 'is verified' : 'is not verified'}.`);
}

async function login({ client }: Session, target: ConnectionTarget): Promise<ConnectionStep> {
  const { rows } = await client.query<{ version: string; user: string; standby: boolean }>(
    `SELECT current_setting('server_version') AS version, current_user AS user, pg_is_in_recovery() AS standby`,
  );
  const { version, user, standby } = rows[0]!;
  return ok(
    'login',
    `${user} is logged in to ${target.database}, PostgreSQL ${version}${standby ? ', a standby' : ''}.`,
  );
}

async function* testTable(
  session: Session,
  topic: string,
  options: SinkOptions,
): AsyncGenerator<ConnectionStep> {
  const name = tableOfTopic(topic, options);
  if (name === null) {
    yield skipped('target', `The table of topic ${topic} is known when records come.`);
    return;
  }
  const table = await describeTable(session.client, name);
  const shown = quoteTable(table?.name ?? name);
  if (table === null) {
    yield options.create
      ? ok('target', `Table ${shown} of topic ${topic} is not there and will be created.`)
      : failed(
          'target',
          `Table ${shown} of topic ${topic} does not exist.`,
          `Create it, or set ${options.names.create}. Letter case and the search path count.`,
        );
    if (options.create) yield await mayCreate(session, name.schema);
    return;
  }
  yield unsuitable(table, options, shown) ?? ok('target', `Table ${shown} of topic ${topic} is there.`);
  yield await mayWrite(session, table, options);
}

function unsuitable(table: TableInfo, { mode, names }: SinkOptions, shown: string): ConnectionStep | null {
  if (mode !== 'upsert' || table.kind === 'v' || table.uniqueKeys.length > 0) return null;
  return failed(
    'target',
    `Table ${shown} has no primary key and no unique constraint, which upsert needs.`,
    `Add one, or set ${names.writeMode} to insert.`,
  );
}

async function mayCreate({ client }: Session, schema: string | null): Promise<ConnectionStep> {
  const { rows } = await client.query<{ schema: string | null; allowed: boolean | null }>(
    `SELECT s AS schema, has_schema_privilege(s, 'CREATE') AS allowed FROM (SELECT coalesce($1, current_schema()) AS s) AS wanted
     WHERE s IS NULL OR to_regnamespace(quote_ident(s)) IS NOT NULL`,
    [schema],
  );
  const found = rows[0];
  if (found?.schema == null)
    return failed(
      'permissions',
      `There is no schema ${schema ?? 'in the search path'}.`,
      'Create it, or name another one.',
    );
  return found.allowed
    ? ok('permissions', `Tables may be created in schema ${found.schema}.`)
    : failed(
        'permissions',
        `Tables may not be created in schema ${found.schema}.`,
        `GRANT CREATE ON SCHEMA ${found.schema} TO the user of the connection.`,
      );
}

async function mayWrite(
  session: Session,
  { name }: TableInfo,
  { mode, deletes }: SinkOptions,
): Promise<ConnectionStep> {
  const needed = [
    ...(mode === 'update' ? [] : ['INSERT']),
    ...(mode === 'insert' ? [] : ['SELECT', 'UPDATE']),
    ...(deletes ? ['DELETE'] : []),
  ];
  return permissions(session, quoteTable(name), needed);
}

async function permissions(
  { client }: Session,
  shown: string,
  needed: readonly string[],
): Promise<ConnectionStep> {
  const { rows } = await client.query<{ name: string; allowed: boolean }>(
    'SELECT p AS name, has_table_privilege($1, p) AS allowed FROM unnest($2::text[]) AS p',
    [shown, needed],
  );
  const lacking = rows.filter(({ allowed }) => !allowed).map(({ name }) => name);
  return lacking.length === 0
    ? ok('permissions', `${[...new Set(needed)].join(', ')} on ${shown} is granted.`)
    : failed(
        'permissions',
        `${lacking.join(', ')} on ${shown} is not granted.`,
        `GRANT ${lacking.join(', ')} ON ${shown} TO the user of the connection.`,
      );
}

async function relationsOf({ client }: Session, options: SourceOptions): Promise<Relation[]> {
  if (options.query !== null) return [queryRelation(options.query, options.topicPrefix)];
  return (await findTables(client, options)).map((table) => tableRelation(table, options));
}

async function* testRelation(
  session: Session,
  relation: Relation,
  options: SourceOptions,
): AsyncGenerator<ConnectionStep> {
  if (relation.table !== null) {
    const step = await permissions(session, relation.table, ['SELECT']);
    yield step;
    if (step.status === 'failed') return;
  }
  try {
    await readLayout(session.client, relation, options, SILENT);
    yield ok('target', `${relation.name} can be read in mode ${options.mode}, into topic ${relation.topic}.`);
  } catch (error) {
    if (classify(error) === 'connection' && !(error instanceof MillraceError)) throw error;
    yield failure('target', error, `Reading the columns of ${relation.name}`);
  }
}
