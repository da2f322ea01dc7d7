export const HOST: string;
/** True when a server can listen there now. */
export function isFree(port: number): Promise<boolean>;
/** A free port below the range of outgoing connections. */
export function freePort(): Promise<number>;
/** The previous port, waiting so long for it to become free (5 s unless given), else the preferred one, else a free one. */
export function choosePort(
  previous: number | undefined,
  preferred: number | undefined,
  patienceMs?: number,
): Promise<number>;
