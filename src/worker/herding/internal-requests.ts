/** What workers ask of their leader over REST: signed, so that nobody else can (connect.md §2.6). */
import { createBackoff, MillraceError } from '../../kernel';
import type { RawConfig } from '../storage/types';

/** One HTTP request; rejects when nothing answered. */
export type SendRequest = (request: {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | null;
  readonly timeoutMs: number;
}) => Promise<{ readonly status: number; readonly body: string }>;

/** Headers that prove the sender; null while there is no key yet. */
export type Sign = (body: Buffer) => Readonly<Record<string, string>> | null;

export interface InternalRequests {
  /** Throws when the leader did not take them. */
  putTasks(leaderUrl: string, connector: string, tasks: readonly RawConfig[]): Promise<void>;
  /** Repeated while the answer says that it may succeed later. */
  fence(leaderUrl: () => string | null, connector: string, signal: AbortSignal): Promise<void>;
}

const TIMEOUT_MS = 90_000;
/** The leader is changing, has no key yet, or sees a configuration change. */
const PASSING = new Set([404, 409, 503]);

export function createInternalRequests(send: SendRequest, sign: Sign): InternalRequests {
  async function ask(method: 'POST' | 'PUT', url: string, path: string, body: Buffer) {
    const signature = sign(body);
    if (signature === null) throw refused(503, url, 'there is no session key yet');
    const headers = { 'content-type': 'application/json', ...signature };
    const target = `${url.replace(/\/$/, '')}${path}`;
    const answer = await send({ method, url: target, headers, body, timeoutMs: TIMEOUT_MS });
    if (answer.status >= 300) throw refused(answer.status, target, messageOf(answer.body));
  }
  return {
    putTasks: (leaderUrl, connector, tasks) =>
      ask('POST', leaderUrl, `${pathOf(connector)}/tasks`, Buffer.from(JSON.stringify(tasks))),
    async fence(leaderUrl, connector, signal) {
      const backoff = createBackoff({ initialMs: 250, maxMs: 10_000 });
      for (;;) {
        signal.throwIfAborted();
        try {
          const url = leaderUrl();
          if (url === null) throw refused(409, 'the leader', 'nobody is known to lead');
          return await ask('PUT', url, `${pathOf(connector)}/fence`, Buffer.alloc(0));
        } catch (error) {
          if (error instanceof Refused && !PASSING.has(error.status)) throw error;
          await new Promise((resolve) => setTimeout(resolve, backoff.next()));
        }
      }
    },
  };
}

class Refused extends MillraceError {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super('CONFLICT', message);
  }
}

const refused = (status: number, target: string, why: string): Refused =>
  new Refused(status, `${target} answered ${status}: ${why}`);

const pathOf = (connector: string): string => `/connectors/${encodeURIComponent(connector)}`;

function messageOf(body: string): string {
  try {
    return String((JSON.parse(body) as { message?: unknown }).message ?? body);
  } catch {
    return body.slice(0, 200);
  }
}
