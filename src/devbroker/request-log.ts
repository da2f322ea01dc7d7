/** The last requests that were received, for who looks in from outside. */
import type { ObservedRequest } from './broker';
import type { Place } from './faults/rule';

const KEPT = 1000;

export interface LoggedRequest {
  /** 1 for the first; without gaps. */
  readonly sequence: number;
  /** Broker time, ISO 8601. */
  readonly time: string;
  readonly node: number;
  readonly client: string;
  readonly api: string;
  readonly version: number;
  readonly places: readonly Place[];
}

export interface RequestFilter {
  readonly api?: string;
  readonly since?: number;
  readonly limit?: number;
}

export class RequestLog {
  readonly #ring: LoggedRequest[] = [];
  #last = 0;

  add({ node, clientId, api, version, places }: ObservedRequest, now: number): void {
    const sequence = ++this.#last;
    const time = new Date(now).toISOString();
    this.#ring[(sequence - 1) % KEPT] = { sequence, time, node, client: clientId, api, version, places };
  }

  /** Oldest first. With `since`: the ones that came next after that sequence; else the last ones. */
  list({ api, since, limit = KEPT }: RequestFilter): LoggedRequest[] {
    const oldest = this.#last % KEPT;
    const found = [...this.#ring.slice(oldest), ...this.#ring.slice(0, oldest)].filter(
      (each) => each.sequence > (since ?? 0) && (api === undefined || each.api === api),
    );
    return since === undefined ? found.slice(-limit) : found.slice(0, limit);
  }
}
