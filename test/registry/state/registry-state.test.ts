import type { RegistryEvent, SchemaRecord } from '../../../src/registry/log/events';
import { RegistryState } from '../../../src/registry/state/registry-state';

const schema = (
  subject: string,
  version: number,
  id: number,
  text: string,
  more: Partial<SchemaRecord> = {},
): RegistryEvent => ({
  kind: 'schema',
  subject,
  version,
  value: {
    id,
    schemaType: 'AVRO',
    schema: text,
    references: [],
    metadata: null,
    ruleSet: null,
    deleted: false,
    ...more,
  },
});
const gone = (subject: string, version: number): RegistryEvent => ({
  kind: 'schema',
  subject,
  version,
  value: null,
});

function replay(...events: RegistryEvent[]): RegistryState {
  const state = new RegistryState('BACKWARD');
  events.forEach((event, i) => void state.apply(event, 1000 + i));
  return state;
}
const versions = (state: RegistryState, subject: string, visibility: 'live' | 'all' | 'deleted' = 'live') =>
  (state.subject(subject)?.list(visibility) ?? []).map(({ version }) => version);

it('keeps equal contents once', () => {
  const state = replay(schema('a', 1, 1, '"int"'), schema('b', 1, 1, '"int"'));
  expect(state.subject('a')!.get(1)!.content).toBe(state.subject('b')!.get(1)!.content);
  expect(state.pool.size).toBe(1);
  state.apply(gone('a', 1), 0);
  expect(state.id('.', 1)?.useCount).toBe(1);
  state.apply(gone('b', 1), 0);
  expect([state.pool.size, state.id('.', 1), state.subject('a'), state.subjects(':*:')]).toEqual([
    0,
    undefined,
    undefined,
    [],
  ]);
});

it('remembers the highest id of each context, deleted ones included', () => {
  const state = replay(schema('a', 1, 9, '"int"'), gone('a', 1), schema(':.c:a', 1, 2, '"int"'));
  expect([state.maxId('.'), state.maxId('.c'), state.maxId('.d')]).toEqual([9, 2, 0]);
  expect(state.id('.c', 2)?.content.schema).toBe('"int"');
  expect(state.id('.', 2)).toBeUndefined();
});

it('takes ids far apart, and forgets a context with its last id', () => {
  const highest = 2 ** 31 - 1;
  const state = replay(schema(':.c:a', 1, highest, '"int"'), schema(':.c:a', 2, 0, '"long"'));
  expect([state.id('.c', highest), state.id('.c', 0)]).toMatchObject([
    { content: { schema: '"int"' }, timestamp: 1000 },
    { content: { schema: '"long"' }, timestamp: 1001 },
  ]);
  expect([state.id('.c', 1), state.maxId('.c'), state.contexts()]).toEqual([undefined, highest, ['.', '.c']]);
  for (const version of [1, 2]) state.apply(gone(':.c:a', version), 0);
  expect([state.id('.c', highest), state.contexts()]).toEqual([undefined, ['.']]);
});

it('tells what a deleted schema was', () => {
  const state = replay(schema('a', 1, 1, '"int"'), { kind: 'delete-subject', subject: 'a', upTo: 1 });
  expect(state.id('.', 1)).toMatchObject({ content: { schema: '"int"' }, timestamp: 1000, live: 0 });
  expect([...state.id('.', 1)!.uses]).toMatchObject([{ deleted: true }]);
});

it('overwrites the same version, and keeps the first content of an id', () => {
  const state = replay(schema('a', 1, 1, '"int"'));
  state.apply(schema('a', 1, 1, '"long"'), 0);
  expect(state.id('.', 1)?.content.schema).toBe('"long"');
  expect(() => state.apply(schema('b', 1, 1, '"string"'), 0)).toThrow('id 1 has another schema');
  expect(state.subject('b')).toBeUndefined();
  expect(state.id('.', 1)?.content.schema).toBe('"long"');
});

it('takes another contract for the text that an id has', () => {
  const metadata = { properties: { a: 'b' } };
  const state = replay(schema('a', 1, 1, '"int"'), schema('b', 1, 1, '"int"', { metadata }));
  expect(state.subject('b')!.get(1)!.content.metadata).toEqual(metadata);
  expect(state.id('.', 1)).toMatchObject({ content: { metadata: null }, live: 2 });
  const ids = ['a', 'b'].map((subject) => state.idsOf(state.subject(subject)!.get(1)!.content));
  expect(ids).toEqual([[{ context: '.', id: 1 }], [{ context: '.', id: 1 }]]);
  for (const event of [gone('a', 1), gone('b', 1)]) state.apply(event, 0);
  expect([state.id('.', 1), state.pool.size]).toEqual([undefined, 0]);
  state.apply(schema('c', 1, 2, '"int"'), 0);
  expect(state.idOf('.', state.subject('c')!.get(1)!.content)).toBe(2);
});

it('revives later versions after a deleted subject', () => {
  const state = replay(
    schema('a', 1, 1, '"int"'),
    schema('a', 2, 2, '"long"'),
    { kind: 'delete-subject', subject: 'a', upTo: 2 },
    schema('a', 3, 3, '"string"'),
  );
  expect([versions(state, 'a'), versions(state, 'a', 'deleted')]).toEqual([[3], [1, 2]]);
  expect(state.subject('a')!.nextVersion()).toBe(4);
  expect(state.id('.', 1)?.live).toBe(0);
  state.apply(schema('a', 1, 1, '"int"'), 0);
  expect(versions(state, 'a')).toEqual([1, 3]);
  expect(state.id('.', 1)?.live).toBe(1);
});

it('sorts versions that come in any order', () => {
  const state = replay(...[10, 2, 1].map((version) => schema('a', version, version, `"f${version}"`)));
  expect(versions(state, 'a')).toEqual([1, 2, 10]);
  expect(state.subject('a')!.latest('live')?.version).toBe(10);
});

it.each<[string | null, string[]]>([
  ['a', ['b', ':.c:a', ':.c:b']],
  [':.c:', ['a', 'b', ':.c:b']],
  [null, ['b', ':.c:b']],
])('forgets what is soft-deleted in %j when it is cleared', (scope, left) => {
  const deleted = { deleted: true };
  const state = replay(
    schema('a', 1, 1, '"int"', deleted),
    schema('b', 1, 2, '"long"'),
    schema('b', 2, 1, '"int"', deleted),
    schema(':.c:a', 1, 1, '"int"', deleted),
    schema(':.c:b', 1, 2, '"long"'),
    { kind: 'clear-subject', scope, exists: true },
    { kind: 'clear-subject', scope: 'b', exists: false },
  );
  expect(state.subjects(':*:').map(({ name }) => name.qualified)).toEqual(left.sort());
  expect(versions(state, 'b', 'all')).toEqual(scope === null ? [1] : [1, 2]);
});

it('keeps a declared context without schemas, and its ids after it is gone', () => {
  const context = (exists: boolean): RegistryEvent => ({
    kind: 'context',
    context: '.c',
    tenant: 'default',
    exists,
  });
  const state = replay(context(true), schema(':.a:s', 1, 1, '"int"'), schema(':.c:s', 1, 7, '"int"'));
  expect([state.contexts(), state.hasContext('.c'), state.hasContext('.a')]).toEqual([
    ['.', '.a', '.c'],
    true,
    false,
  ]);
  for (const event of [gone(':.c:s', 1), gone(':.a:s', 1)]) state.apply(event, 0);
  expect(state.contexts()).toEqual(['.', '.c']);
  state.apply(context(false), 0);
  expect([state.contexts(), state.maxId('.c')]).toEqual([['.'], 7]);
});

it('knows who refers to whom, inside and across contexts', () => {
  const references = [{ name: 'x', subject: 'base', version: 1 }];
  const state = replay(
    schema('base', 1, 1, '"int"'),
    schema('user', 1, 2, '"long"', { references }),
    schema(':.c:user', 1, 1, '"long"', { references }),
  );
  const referrers = (subject: string) =>
    state.referrers(subject, 1).map(({ subject: s }) => s.name.qualified);
  expect([referrers('base'), referrers(':.c:base')]).toEqual([['user'], [':.c:user']]);
  state.apply({ kind: 'delete-subject', subject: 'user', upTo: 1 }, 0);
  expect(state.referrers('base', 1)[0]?.deleted).toBe(true);
  state.apply(gone('user', 1), 0);
  expect(referrers('base')).toEqual([]);
});

it('lets the narrower setting win, member by member', () => {
  const state = replay(
    { kind: 'config', scope: null, value: { compatibilityLevel: 'FULL', normalize: true } },
    { kind: 'config', scope: ':.c:', value: { compatibilityLevel: 'NONE' } },
    { kind: 'config', scope: ':.c:s', value: { alias: 't' } },
    { kind: 'mode', scope: ':.c:', value: 'READONLY' },
  );
  const { settings } = state;
  expect(settings.effectiveConfig('s')).toEqual({ compatibilityLevel: 'FULL', normalize: true });
  expect(settings.effectiveConfig(':.c:s')).toEqual({
    compatibilityLevel: 'NONE',
    normalize: true,
    alias: 't',
  });
  expect([settings.effectiveMode('s'), settings.effectiveMode(':.c:s')]).toEqual(['READWRITE', 'READONLY']);
  state.apply({ kind: 'mode', scope: ':.c:s', value: 'READWRITE' }, 0);
  expect(settings.effectiveMode(':.c:s')).toBe('READWRITE');
  state.apply({ kind: 'mode', scope: null, value: 'READONLY_OVERRIDE' }, 0);
  expect(settings.effectiveMode(':.c:s')).toBe('READONLY_OVERRIDE');
});

it('has settings for all contexts, wider than those of each', () => {
  const state = replay(
    { kind: 'config', scope: ':.__GLOBAL:', value: { compatibilityLevel: 'NONE', compatibilityGroup: 'g' } },
    { kind: 'config', scope: null, value: { compatibilityLevel: 'FULL', alias: 'not inherited' } },
    { kind: 'mode', scope: ':.__GLOBAL:', value: 'IMPORT' },
  );
  const { settings } = state;
  expect(settings.effectiveConfig('s')).toEqual({ compatibilityLevel: 'FULL', compatibilityGroup: 'g' });
  expect(settings.effectiveConfig(':.c:s')).toEqual({ compatibilityLevel: 'NONE', compatibilityGroup: 'g' });
  expect([settings.effectiveMode('s'), settings.effectiveMode(':.c:s')]).toEqual(['IMPORT', 'IMPORT']);
});
