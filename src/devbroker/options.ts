/** How a dev broker is started. */
import { randomBytes } from 'node:crypto';
import { type Logger, SILENT } from '../kernel';

export interface DevBrokerOptions {
  /** Address to listen at and to tell clients; 127.0.0.1 unless given. */
  readonly host?: string;
  /** Of the first node, further ones take the next; 0 (the default): free ones. */
  readonly port?: number;
  /** Virtual nodes, 1 unless given. */
  readonly nodes?: number;
  /** Folder that keeps everything; without one all is in memory and gone at the end. */
  readonly dataDir?: string;
  /**
   * What was answered survives the end of the process at once, and the end of the machine after so many ms (fsync).
   * 0: before it is answered. 1000 unless given. Only with `dataDir`.
   */
  readonly flushMs?: number;
  /** All logs together: beyond that the oldest segments go, with a warning. 1 GiB in memory, no limit on disk, unless given. */
  readonly maxBytes?: number;
  /** Port for POST /faults and what belongs to it; 0: a free one. Not opened unless given. */
  readonly controlPort?: number;
  /** Users by name, with passwords: SASL PLAIN is required then. */
  readonly users?: Readonly<Record<string, string>>;
  /** Whether asking for a topic creates it; true unless given, as Kafka's default. */
  readonly autoCreateTopics?: boolean;
  /** Broker configs by Kafka's names that differ from the defaults: `num.partitions`, `log.retention.ms`, … */
  readonly configs?: Readonly<Record<string, string>>;
  /** How often retention and compaction look for work; 1000 ms unless given. */
  readonly maintenanceMs?: number;
  readonly logger?: Logger;
}

export type Settings = Required<Omit<DevBrokerOptions, 'dataDir' | 'controlPort' | 'users'>> & {
  readonly dataDir: string | null;
  readonly controlPort: number | null;
  readonly users: Readonly<Record<string, string>> | null;
};

const GIB = 1024 ** 3;

export const settingsOf = (options: DevBrokerOptions): Settings => ({
  host: options.host ?? '127.0.0.1',
  port: options.port ?? 0,
  nodes: options.nodes ?? 1,
  dataDir: options.dataDir ?? null,
  flushMs: options.flushMs ?? 1000,
  maxBytes: options.maxBytes ?? (options.dataDir === undefined ? GIB : Number.POSITIVE_INFINITY),
  controlPort: options.controlPort ?? null,
  users: options.users ?? null,
  autoCreateTopics: options.autoCreateTopics ?? true,
  configs: options.configs ?? {},
  maintenanceMs: options.maintenanceMs ?? 1000,
  logger: options.logger ?? SILENT,
});

/** As Kafka makes them: 16 random bytes, base64url without padding. */
export const newClusterId = (): string => randomBytes(16).toString('base64url');
