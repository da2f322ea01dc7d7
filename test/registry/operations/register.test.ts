/** Registrations that come while others are being written: judged in their order, written together, each with its own answer. */
import { MillraceError, NO_METRICS, RetriableError, SILENT } from '../../../src/kernel';
import { createStore } from '../../../src/registry/log/store';
import { updateMode } from '../../../src/registry/operations/modes';
import type { Primacy } from '../../../src/registry/operations/primacy';
import { register } from '../../../src/registry/operations/register';
import { createRegistry, DEFAULT_LIMITS, type Registry } from '../../../src/registry/operations/registry';
import { updateConfig } from '../../../src/registry/operations/settings';
import { RegistryState } from '../../../src/registry/state/registry-state';
import { randomOf } from '../../support/random';
import { createFakeKafka, type FakeKafka } from '../fake-kafka';

/** What happens around a write. */
interface Step {
  before?(): void | Promise<void>;
  after?(): void;
}

interface Rig {
  readonly kafka: FakeKafka;
  readonly registry: Registry;
  /** For the writes to come, in their order. */
  readonly steps: Step[];
  readonly primacy: TestPrimacy;
  /** Registers; answers id and version, or the error's code. */
  send(
    subject: string,
    schema: object | string,
    more?: object,
  ): Promise<[id: number, version: number] | number>;
  /** Records by write, as subject or keytype, since the last call. */
  writes(): string[][];
}

interface TestPrimacy extends Primacy {
  /** What ended terms. */
  readonly told: string[];
  /** Before the next term: the log is taken over. */
  takeOver: () => Promise<void>;
}

/** The primary of one term after the other, from 1 on. */
function createPrimacy(): TestPrimacy {
  let term = 1;
  let takingOver: Promise<void> | null = null;
  const end = (ended: number, why: string) => {
    if (!primacy.holds(ended)) return;
    primacy.told.push(`${why} ${ended}`);
    takingOver = primacy.takeOver().then(() => {
      takingOver = null;
      term++;
    });
  };
  const primacy: TestPrimacy = {
    told: [],
    takeOver: async () => undefined,
    isExclusive: true,
    async whenPrimary() {
      await takingOver;
      return term;
    },
    holds: (asked) => asked === term && takingOver === null,
    fenced: (ended) => end(ended, 'fenced'),
    doubted: (ended) => end(ended, 'doubted'),
  };
  return primacy;
}

async function start(level: 'BACKWARD' | 'NONE' = 'BACKWARD'): Promise<Rig> {
  const kafka = createFakeKafka();
  const state = new RegistryState(level);
  const { port } = kafka;
  const onFailure = (error: Error) => expect(error).toBeNull();
  const store = createStore({
    kafka: port,
    topic: 't',
    state,
    logger: SILENT,
    writeTimeoutMs: 1000,
    onFailure,
  });
  await store.start();
  const primacy = createPrimacy();
  const rules = {
    incompatibleErrorCode: 409,
    validateNewSchemas: true,
    validateFields: false,
    modeMutability: true,
    limits: DEFAULT_LIMITS,
  };
  const registry = createRegistry(state, store, rules, NO_METRICS, primacy);
  const written: string[][] = [];
  let seen = 0;
  const steps: Step[] = [];
  let step: Step = {};
  kafka.beforeWrite = () => {
    step = steps.shift() ?? {};
    return step.before?.();
  };
  kafka.afterWrite = () => {
    written.push(kafka.records.slice(seen).map(({ key }) => nameOf(key!)));
    seen = kafka.records.length;
    step.after?.();
  };
  return {
    kafka,
    registry,
    steps,
    primacy,
    send: (subject, schema, more = {}) => send(registry, subject, schema, more),
    writes: () => written.splice(0),
  };
}

function nameOf(key: Buffer): string {
  const { keytype, subject } = JSON.parse(key.toString()) as { keytype: string; subject?: string };
  return keytype === 'SCHEMA' ? subject! : keytype;
}

async function send(
  registry: Registry,
  subject: string,
  schema: object | string,
  more: object,
): Promise<[number, number] | number> {
  const text = typeof schema === 'string' ? schema : JSON.stringify(schema);
  const request = {
    schema: text,
    schemaType: 'AVRO',
    references: [],
    metadata: null,
    ruleSet: null,
    id: null,
    version: 0,
    ...more,
  };
  const options = { normalize: false, force: false, propagateTags: false };
  try {
    const { id, version } = await register(registry, subject, request, options);
    return [id, version];
  } catch (error) {
    return (error as { errorCode: number }).errorCode;
  }
}

const record = (name: string, ...fields: object[]) => ({ type: 'record', name, fields });
const ofType = (type: string) => record('R', { name: 'f', type });

/** Asks while a first write is held, with what is to happen at those that follow it. */
async function meanwhile<T>(rig: Rig, ask: () => T, ...steps: Step[]): Promise<T> {
  let release = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  rig.steps.push({ before: () => released }, ...steps);
  const first = rig.send('first', record('First'));
  const asked = ask();
  // All has come as far as the queue.
  await new Promise(setImmediate);
  release();
  await first;
  return asked;
}

/** Time stands still, so that what shares a batch does not hang on how quick the machine is. */
let now: jest.SpyInstance;
beforeEach(() => {
  now = jest.spyOn(performance, 'now').mockReturnValue(0);
});
afterEach(() => jest.restoreAllMocks());

it('writes what came during a write in one batch, with ids in the order it came', async () => {
  const rig = await start();
  const subjects = ['d', 'b', 'a', 'c'];
  const answers = await meanwhile(rig, () => subjects.map((subject) => rig.send(subject, record(subject))));
  expect(await Promise.all(answers)).toEqual([
    [2, 1],
    [3, 1],
    [4, 1],
    [5, 1],
  ]);
  expect(rig.writes()).toEqual([['first'], subjects]);
});

it('answers nobody before the state has the batch', async () => {
  const rig = await start();
  const { state } = rig.registry;
  const events: string[] = [];
  const answers = await meanwhile(
    rig,
    () =>
      ['a', 'b'].map(async (subject) => {
        const [, version] = (await rig.send(subject, record(subject))) as [number, number];
        events.push(`${subject} answered, ${state.find(subject, version, 'live')?.id}`);
      }),
    {
      async before() {
        await new Promise(setImmediate);
        events.push('writing');
      },
      after: () => void events.push('written'),
    },
  );
  await Promise.all(answers);
  expect(events).toEqual(['writing', 'written', 'a answered, 2', 'b answered, 3']);
});

it('gives a schema one id, in the same subject and in others', async () => {
  const rig = await start();
  const answers = await meanwhile(rig, () =>
    ['a', 'b', 'a', 'b', 'c'].map((subject) => rig.send(subject, ofType('int'))),
  );
  expect(await Promise.all(answers)).toEqual(Array.from({ length: 5 }, () => [2, 1]));
  // The third ends the batch: it has to see the first.
  expect(rig.writes()).toEqual([['first'], ['a', 'b'], ['c']]);
});

it('checks a schema against one that is still being written', async () => {
  const rig = await start();
  const answers = await meanwhile(rig, () => [
    rig.send('a', ofType('int')),
    rig.send('a', ofType('string')),
    rig.send('b', ofType('string')),
    rig.send('a', ofType('long')),
  ]);
  expect(await Promise.all(answers)).toEqual([[2, 1], 409, [3, 1], [4, 2]]);
  expect(rig.writes()).toEqual([['first'], ['a'], ['b', 'a']]);
});

it('finds references to what is still being written', async () => {
  const rig = await start();
  const user = record('User', { name: 'base', type: 'Base' });
  const referring = (version: number) => ({ references: [{ name: 'Base', subject: 'base', version }] });
  const answers = await meanwhile(rig, () => [
    rig.send('base', record('Base')),
    rig.send('latest', user, referring(-1)),
    rig.send('missing', user, referring(2)),
    rig.send('other', user, referring(1)),
  ]);
  // The text is read once before it waits: what it refers to must be there when it is sent.
  expect(await Promise.all(answers)).toEqual([[2, 1], 42201, 42201, 42201]);
  const later = await meanwhile(rig, () => [
    rig.send('base', record('Base', { name: 'f', type: 'int', default: 0 })),
    rig.send('latest', user, referring(-1)),
    rig.send('other', user, referring(1)),
  ]);
  expect(await Promise.all(later)).toEqual([
    [3, 2],
    [4, 1],
    [5, 1],
  ]);
  expect(rig.registry.state.find('latest', 1, 'live')?.content.references).toMatchObject([{ version: 2 }]);
  expect(rig.writes().slice(-2)).toEqual([['base'], ['latest', 'other']]);
});

it('declares a context once', async () => {
  const rig = await start();
  const answers = await meanwhile(rig, () =>
    [':.c:a', ':.c:b', 'a'].map((subject) => rig.send(subject, record('A'))),
  );
  expect(await Promise.all(answers)).toEqual([
    [1, 1],
    [1, 1],
    [2, 1],
  ]);
  expect(rig.writes()).toEqual([['first'], ['CONTEXT', ':.c:a', ':.c:b', 'a']]);
});

it('keeps the order of registrations and settings', async () => {
  const rig = await start();
  const answers = await meanwhile(rig, () => [
    rig.send('a', ofType('int')),
    updateConfig(rig.registry, 'a', { compatibility: 'NONE' }),
    rig.send('a', ofType('string')),
    rig.send('b', ofType('int')),
  ]);
  expect(await Promise.all(answers)).toEqual([[2, 1], { compatibility: 'NONE' }, [3, 2], [2, 1]]);
  expect(rig.writes()).toEqual([['first'], ['a'], ['CONFIG'], ['a', 'b']]);
});

it('judges imports by all that came before them', async () => {
  const rig = await start();
  await updateMode(rig.registry, ':.i:', 'IMPORT', false);
  rig.writes();
  const answers = await meanwhile(rig, () => [
    rig.send(':.i:a', record('A'), { id: 5, version: 3 }),
    rig.send(':.i:b', record('B'), { id: 5, version: 1 }),
    rig.send(':.i:c', record('A'), { id: 5, version: 2 }),
    rig.send('plain', record('Plain')),
  ]);
  expect(await Promise.all(answers)).toEqual([[5, 3], 42205, [5, 2], [2, 1]]);
  expect(rig.writes()).toEqual([['first'], ['CONTEXT', ':.i:a'], [':.i:c', 'plain']]);
});

it('does not make a batch larger than brokers take', async () => {
  const rig = await start();
  const large = (name: string) => ({ ...record(name), doc: 'x'.repeat(30_000) });
  const answers = await meanwhile(rig, () => ['a', 'b', 'c'].map((name) => rig.send(name, large(name))));
  expect(await Promise.all(answers)).toEqual([
    [2, 1],
    [3, 1],
    [4, 1],
  ]);
  expect(rig.writes()).toEqual([['first'], ['a', 'b'], ['c']]);
});

it('lets other work run between judging many', async () => {
  const rig = await start();
  const answers = await meanwhile(rig, () => {
    let ms = 0;
    now.mockImplementation(() => (ms += 3));
    return ['a', 'b', 'c', 'd', 'e'].map((subject) => rig.send(subject, record(subject)));
  });
  expect(await Promise.all(answers)).toEqual([2, 3, 4, 5, 6].map((id) => [id, 1]));
  expect(rig.writes()).toEqual([['first'], ['a', 'b', 'c'], ['d', 'e']]);
});

const timeout = () => new RetriableError('Kafka took too long.', { code: 'TIMEOUT' });

const KEY_OF_A = '{"keytype":"SCHEMA","subject":"a","version":1,"magic":1}';
const A = { subject: 'a', version: 1, id: 2, schema: JSON.stringify(record('A')), deleted: false };

const failing = (error: Error, when: 'before' | 'after'): Step => ({
  [when]() {
    throw error;
  },
});

it.each([
  [
    'before',
    // Nothing of it arrived: ids that nobody ever had.
    [
      [4, 1],
      [5, 1],
      [6, 1],
    ],
  ],
  [
    'after',
    // It did arrive.
    [
      [3, 1],
      [2, 1],
      [4, 1],
    ],
  ],
] as const)(
  'tells all of a batch when its answer is lost (%s the write), and gives its ids to nobody else',
  async (when, repeated) => {
    const rig = await start();
    const ask = () => ['a', 'b'].map((subject) => rig.send(subject, record(subject)));
    const answers = await meanwhile(rig, ask, failing(timeout(), when));
    expect(await Promise.all(answers)).toEqual([50002, 50002]);
    expect(rig.primacy.told).toEqual(['doubted 1']);
    const again = ['b', 'a', 'c'].map((subject) => rig.send(subject, record(subject)));
    expect(await Promise.all(again)).toEqual(repeated);
  },
);

it('judges who waited behind a write in doubt when it is known what became of it', async () => {
  const rig = await start();
  const { primacy, kafka } = rig;
  let late = () => {};
  // The write goes into the log after its time is over, and before that of the next term.
  const lost: Step = {
    before() {
      late = () => kafka.append(KEY_OF_A, JSON.stringify(A));
      throw timeout();
    },
  };
  primacy.takeOver = async () => {
    for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate);
    late();
  };
  const answers = await meanwhile(
    rig,
    () => [
      rig.send('a', record('A')),
      rig.send('a', record('A')),
      updateConfig(rig.registry, 'a', { compatibility: 'NONE' }),
      rig.send('a', record('Other')),
    ],
    lost,
  );
  expect(await Promise.all(answers)).toEqual([50002, [2, 1], { compatibility: 'NONE' }, [3, 2]]);
  expect(kafka.records.filter(({ key }) => key!.toString() === KEY_OF_A)).toHaveLength(1);
});

it('does all of a batch again when another node has taken over', async () => {
  const rig = await start();
  const answers = await meanwhile(
    rig,
    () => ['a', 'b', 'c'].map((subject) => rig.send(subject, record(subject))),
    failing(new MillraceError('KAFKA_FENCED', 'Another writes.'), 'before'),
  );
  // The ids of the first attempt may be in the log of the other node.
  expect(await Promise.all(answers)).toEqual([
    [5, 1],
    [6, 1],
    [7, 1],
  ]);
  expect(rig.primacy.told).toEqual(['fenced 1']);
});

it('looks for a place anew when another writer has given an id of the batch', async () => {
  const rig = await start();
  const key = '{"keytype":"SCHEMA","subject":"z","version":1,"magic":1}';
  const other = { subject: 'z', version: 1, id: 2, schema: '"bytes"', deleted: false };
  const answers = await meanwhile(
    rig,
    () => ['a', 'b'].map((subject) => rig.send(subject, record(subject))),
    { before: () => rig.kafka.append(key, JSON.stringify(other)) },
  );
  expect(await Promise.all(answers)).toEqual([
    [4, 1],
    [3, 1],
  ]);
  expect(rig.registry.state.id('.', 2)?.content.schema).toBe('"bytes"');
});

/** What a topic must look like, whatever happened: no id with two schemas, and each answer as it says. */
it.each([1, 2, 3, 4, 5])('keeps its promises when writes fail at random (seed %d)', async (seed) => {
  const rig = await start('NONE');
  const { below, pick } = randomOf(seed);
  const whims: Step[] = [
    {},
    {},
    { before: () => new Promise(setImmediate) },
    failing(timeout(), 'before'),
    failing(timeout(), 'after'),
    failing(new MillraceError('KAFKA_FENCED', 'Another writes.'), 'before'),
  ];
  rig.steps.push(...Array.from({ length: 400 }, () => pick(whims)));
  const asked: Promise<void>[] = [];
  for (let i = 0; i < 300; i++) {
    const [subject, schema] = [`s${below(6)}`, record(`R${below(60)}`)];
    const check = (answer: [number, number] | number) => {
      if (answer === 50002) return;
      const [id, version] = answer as [number, number];
      const stored = rig.registry.state.find(subject, version, 'live');
      expect([stored?.id, stored?.content.schema]).toEqual([id, JSON.stringify(schema)]);
    };
    asked.push(rig.send(subject, schema).then(check));
    if (below(4) === 0) await new Promise(setImmediate);
  }
  await Promise.all(asked);
  const schemas = new Map<number, string>();
  for (const { value } of rig.kafka.records) {
    const { id, schema } = JSON.parse(value!.toString()) as { id: number; schema: string };
    expect(schemas.get(id) ?? schema).toBe(schema);
    schemas.set(id, schema);
  }
  expect(schemas.size).toBeGreaterThan(50);
});
