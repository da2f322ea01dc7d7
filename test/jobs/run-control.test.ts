import { randomUUID } from 'node:crypto';
import { keysOf } from '../../src/jobs/keys';
import { createMarks } from '../../src/jobs/marks';
import { RedisLink } from '../../src/jobs/redis-link';
import { RunControl } from '../../src/jobs/run-control';
import { isRetriable, SILENT } from '../../src/kernel';
import { stackAddresses, uniqueName } from '../support/stack';
import { waitFor } from '../support/wait';

const keys = keysOf(uniqueName('jobs'));
const links: RedisLink[] = [];
let link: RedisLink;
let fence: string | null;

function openLink(url: string): RedisLink {
  const opened = new RedisLink({ url, logger: SILENT, onUp: () => {} });
  links.push(opened);
  return opened;
}

beforeAll(async () => {
  link = openLink((await stackAddresses()).redis!);
  await waitFor(() => link.isUp);
});
beforeEach(() => {
  fence = 'f1';
});
afterAll(async () => {
  const all = await link.redis.keys(`${keys.prefix}:*`);
  if (all.length > 0) await link.redis.del(...all);
  for (const each of links) await each[Symbol.asyncDispose]();
});

const controlOf = (jobId: string, over = link): RunControl =>
  new RunControl({ link: over, keys, jobId, fence: 'f1', fenceNow: () => fence });

async function begun(jobId: string): Promise<RunControl> {
  const control = controlOf(jobId);
  await control.begin();
  return control;
}

describe('a run', () => {
  test('ends when another run of the same job has begun', async () => {
    const id = randomUUID();
    const first = await begun(id);
    const second = await begun(id);
    await waitFor(() => first.signal.aborted);
    expect([first.ending, second.ending]).toEqual(['lost', null]);
    second.end();
  });

  test.each<[string | null, string]>([
    ['f2', 'outdated'],
    [null, 'deleted'],
  ])('of a connector whose fence is %s now is %s, from the start or later', async (now, ending) => {
    const running = await begun(randomUUID());
    fence = now;
    await waitFor(() => running.ending !== null);
    const late = await begun(randomUUID());
    expect([running.ending, late.ending, late.signal.aborted]).toEqual([ending, ending, true]);
  });

  test('follows what is wished of it', async () => {
    const id = randomUUID();
    const control = await begun(id);
    await link.redis.hset(keys.wishes(id), 'wish', 'pause');
    await waitFor(() => control.paused);
    await link.redis.hset(keys.wishes(id), 'wish', '');
    await waitFor(() => !control.paused);
    await link.redis.hset(keys.wishes(id), 'wish', 'cancel');
    await waitFor(() => control.ending === 'cancelled');
  });

  test('is tried again later when Redis is not there at its start', async () => {
    const away = openLink('redis://127.0.0.1:1');
    const failure = await controlOf(randomUUID(), away)
      .begin()
      .catch((error: unknown) => error);
    expect(isRetriable(failure)).toBe(true);
    expect(() => away.requireUp()).toThrow(/are off: Redis at 127\.0\.0\.1:1 does not answer/);
  });
});

test('marks tell when dead letters were redriven', async () => {
  const marks = createMarks(link, keys);
  const before = Date.now();
  await marks.add('t', ['0-1', '0-3']);
  expect(await marks.has('t', ['0-1', '0-2', '0-3'])).toEqual(new Set(['0-1', '0-3']));
  const at = (await marks.times('t', ['0-1'])).get('0-1')!.getTime();
  expect(at).toBeGreaterThanOrEqual(before);
  expect(await marks.has('other', ['0-1'])).toEqual(new Set());
  expect(await marks.has('t', [])).toEqual(new Set());
});
