export type ServiceName = 'kafka' | 'postgres' | 'redis';

/** `host:port` of Kafka, URLs of the others; null where none answers. */
export type Addresses = Record<ServiceName, string | null>;

/** Named by a variable, a program of this machine, the JVM's broker, a container, the npm package. */
export type Origin = 'external' | 'system' | 'java' | 'docker' | 'npm';

/** An instance with a folder and a port of its own, which `stop`, `kill`, `start` and `restart` keep. */
export interface Service {
  readonly name: ServiceName;
  /** Folder of its data. */
  readonly dir: string;
  readonly log: string;
  address(): string;
  pid(): number | undefined;
  /** True when it answers in its own protocol. */
  isUp(): Promise<boolean>;
  start(): Promise<boolean>;
  stop(): Promise<boolean>;
  /** SIGKILL. */
  kill(): Promise<void>;
  restart(): Promise<void>;
  /** Ends it at once and deletes its folder. */
  remove(): Promise<void>;
}

export interface PrivateOptions {
  /** Kafka: broker settings on top of ours; `{port}` and `{controllerPort}` stand for those chosen. */
  overrides?: Record<string, string | number | boolean>;
  /** Kafka: maximal heap, as in `-Xmx`. */
  heap?: string;
  /** Postgres: server settings on top of ours. */
  settings?: Record<string, string | number>;
}

export interface UpOptions {
  names?: readonly ServiceName[];
  /** Gets a line for each thing that takes time or differs from the defaults. */
  say?: (line: string) => void;
  /** Gets each name before its start. */
  onStart?: (name: ServiceName) => void;
  /** An npm package was installed. */
  onInstalled?: () => void;
  /** Nothing is said of what is up in the end. */
  terse?: boolean;
  /** Ends downloads. */
  signal?: AbortSignal;
  /** Services for which Debian's packages may be installed; all of `names` unless given. */
  system?: readonly ServiceName[];
  /** More packages of Debian, for tests that use them where they are there. */
  tools?: readonly string[];
}

export interface Up {
  addresses: Addresses;
  origins: Partial<Record<ServiceName, Origin>>;
  started: ServiceName[];
}

export interface Stack {
  up(options?: UpOptions): Promise<Up>;
  status(): Promise<Addresses>;
  down(options?: { names?: readonly ServiceName[] }): Promise<ServiceName[]>;
  reset(): Promise<void>;
  control(
    action: 'start' | 'stop' | 'kill' | 'restart',
    name: ServiceName,
    say?: (line: string) => void,
  ): Promise<string>;
}

export interface StackOptions {
  /** Folder of all data, logs and pids. */
  dir: string;
  /** Its KAFKA_BROKERS, PG_URL and REDIS_URL name external services; that of the process unless given. */
  env?: Record<string, string | undefined>;
  /** What is started ends with this process, even after a SIGKILL (Linux), each service by its own stop signal. */
  tied?: 'cleanly';
  /** The npm package alone, even where the system has a server. */
  postgres?: 'npm';
}

export const NAMES: readonly ServiceName[];
export function createStack(options: StackOptions): Stack;
export const up: Stack['up'];
export const status: Stack['status'];
export const down: Stack['down'];
export const reset: Stack['reset'];
export const control: Stack['control'];
export function startPrivate(name: ServiceName, options?: PrivateOptions): Promise<Service>;
