/** The package ships no types; this is what we use of it. */
declare module 'pg-copy-streams' {
  import type { Readable, ReadableOptions } from 'node:stream';
  import type { Submittable } from 'pg';

  /** Bytes of a COPY … TO STDOUT. Ends with the data, before the server is ready for the next statement. */
  export function to(sql: string, options?: ReadableOptions): Readable & Submittable;
}
