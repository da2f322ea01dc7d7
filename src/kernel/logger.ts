/** The logger port; the edge binds it to pino. Fields first, then one sentence. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  /**
   * A logger that adds fields to every line. With a name, such as `connector.orders`, its level can be set apart from those
   * of others while the process runs (`LoggerLevels`); without one it has its parent's.
   */
  child(fields: object, name?: string): Logger;
}

/** Says nothing; for tests and tools. */
export const SILENT: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => SILENT,
};
