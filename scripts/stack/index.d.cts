export type ServiceName = 'kafka' | 'postgres' | 'redis';

/** `host:port` of Kafka, URLs of the others; null where none answers. */
export type Addresses = Record<ServiceName, string | null>;

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

export const NAMES: readonly ServiceName[];
export function up(options?: {
  names?: readonly ServiceName[];
  say?: (line: string) => void;
  onStart?: (name: ServiceName) => void;
}): Promise<{ addresses: Addresses; started: ServiceName[] }>;
export function status(): Promise<Addresses>;
export function down(options?: { names?: readonly ServiceName[] }): Promise<ServiceName[]>;
export function reset(): Promise<void>;
export function control(
  action: 'start' | 'stop' | 'kill' | 'restart',
  name: ServiceName,
  say?: (line: string) => void,
): Promise<string>;
export function startPrivate(name: ServiceName, options?: PrivateOptions): Promise<Service>;
