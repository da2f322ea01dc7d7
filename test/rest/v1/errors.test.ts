import { MillraceError } from '../../../src/kernel';
import { serveV1, type V1Services } from '../../../src/rest';
import { OtherWorkerError, RefusedError } from '../../../src/worker';
import { FakeHerder } from '../fake-herder';
import { type Served, serve } from '../support';

let refusal: Error;
const herder = new FakeHerder();
let served: Served;

beforeAll(async () => {
  const operations = { history: { revert: () => Promise.reject(refusal) } };
  const services = { operations } as unknown as V1Services;
  served = await serve({ more: (api, requests) => serveV1(api, requests, services) }, herder);
});
afterAll(() => served.close());

async function answerTo(error: Error): Promise<Record<string, unknown>> {
  refusal = error;
  const reply = await served.ask('POST', '/api/v1/connectors/c/history/1/revert');
  return {
    status: reply.status,
    retryAfter: reply.headers['retry-after'],
    ...reply.json<Record<string, unknown>>(),
  };
}

describe('errors of /api/v1', () => {
  it('say what they are, how to mend it, and that it is of no use to try again', async () => {
    const error = new MillraceError('DATABASE_REFUSED', 'no', {
      hint: 'Grant it.',
      cause: new Error('inner'),
    });
    expect(await answerTo(error)).toEqual({
      status: 500,
      retryAfter: undefined,
      error_code: 500,
      message: 'no',
      code: 'DATABASE_REFUSED',
      hint: 'Grant it.',
      docs: 'docs/reference/errors.md#database_refused',
      retryable: false,
    });
  });

  it('say when to try again, and what stands in the way', async () => {
    herder.current = { description: 'ensuring membership in the cluster', startedAt: 0, completedAt: null };
    const answer = await answerTo(new OtherWorkerError(null));
    expect(answer).toMatchObject({ status: 409, retryAfter: '1', code: 'CONFLICT', retryable: true });
    expect(answer['hint']).toMatch(/The worker is currently ensuring membership in the cluster/);
    herder.current = null;
  });

  it('do not say so of a conflict that stays', async () => {
    const answer = await answerTo(new MillraceError('CONFLICT', 'exists', { retriable: false }));
    expect(answer).toMatchObject({ status: 409, retryAfter: undefined, retryable: false });
  });

  it('keep the status that somebody chose', async () => {
    expect(await answerTo(new RefusedError(403, 'not you'))).toMatchObject({
      status: 403,
      message: 'not you',
    });
    expect(await answerTo(new MillraceError('KAFKA_UNREACHABLE', 'away'))).toMatchObject({
      status: 503,
      retryAfter: '1',
      retryable: true,
    });
  });

  it('tell nothing of a defect', async () => {
    const answer = await answerTo(new TypeError('x is undefined'));
    expect(answer).toEqual({
      status: 500,
      retryAfter: undefined,
      error_code: 500,
      message: 'Internal Server Error',
    });
  });

  it('say which stage a request waits for', async () => {
    herder.current = { description: 'reading', startedAt: 0, completedAt: null };
    const operations = {
      history: { revert: () => new Promise(() => {}) },
    } as unknown as V1Services['operations'];
    const slow = await serve(
      {
        timeouts: { requestMs: 50, healthMs: 50 },
        more: (api, requests) => serveV1(api, requests, { operations }),
      },
      herder,
    );
    try {
      const reply = await slow.ask('POST', '/api/v1/connectors/c/history/1/revert');
      expect(reply.json()).toMatchObject({ error_code: 500, code: 'TIMEOUT', retryable: true });
      expect(reply.json<{ message: string }>().message).toMatch(
        /^Request timed out\. The worker is currently reading/,
      );
    } finally {
      await slow.close();
      herder.current = null;
    }
  });

  it('are described with their routes', () => {
    const own = [...served.routes].filter(([route]) => route.includes('/api/v1'));
    expect(own.length).toBeGreaterThan(8);
    expect(own.filter(([, isDescribed]) => !isDescribed)).toEqual([]);
  });
});
