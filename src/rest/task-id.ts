import { ResourceError } from './body';

const MAX = 2 ** 31;

/** A path that does not fit its type, an int of Java, is no path to JAX-RS. */
export function taskIdOf(text: string): number {
  const id = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (id >= -MAX && id < MAX) return id + 0;
  throw new ResourceError(404, 'HTTP 404 Not Found');
}
