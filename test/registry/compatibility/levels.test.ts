/**
 * The seven levels on histories of all three languages. What each checker makes of a pair is in test/schemas/compatibility;
 * here it is who reads whom, and how far back.
 */
import { checkHistory, type OldVersion } from '../../../src/registry/compatibility/levels';
import { type CompatibilityLevel, LEVELS } from '../../../src/registry/state/settings';
import { SCHEMA_TYPES } from '../../../src/registry/types';

/** Levels but NONE, which takes everything: B, F, U (full), and with a star the transitive ones. */
const SHORT: Readonly<Record<string, CompatibilityLevel>> = {
  B: 'BACKWARD',
  'B*': 'BACKWARD_TRANSITIVE',
  F: 'FORWARD',
  'F*': 'FORWARD_TRANSITIVE',
  U: 'FULL',
  'U*': 'FULL_TRANSITIVE',
};
const ALL = Object.keys(SHORT).join(' ');

/** What changes, the history, oldest first, the new schema, and the levels that take it. */
type Case = readonly [what: string, history: readonly string[], next: string, levels: string];

const R = (...fields: readonly string[]) => `{"type":"record","name":"R","fields":[${fields}]}`;
const A = '{"name":"a","type":"int"}';
const LONG = '{"name":"a","type":"long"}';
const DEFAULTED = '{"name":"a","type":"int","default":0}';
const B = '{"name":"b","type":"int"}';
const ENUM = (symbols: string, more = '') => `{"type":"enum","name":"E","symbols":[${symbols}]${more}}`;

const AVRO: readonly Case[] = [
  ['nothing', [R(A)], R(A), ALL],
  ['no history', [], R(A), ALL],
  ['a field with default added', [R(B)], R(B, DEFAULTED), ALL],
  ['a field added', [R(B)], R(B, A), 'F F*'],
  ['a field removed', [R(B, A)], R(B), 'B B*'],
  ['a field with default removed', [R(B, DEFAULTED)], R(B), ALL],
  ['a field widened', [R(A)], R(LONG), 'B B*'],
  ['a field narrowed', [R(LONG)], R(A), 'F F*'],
  ['a field of another type', [R(A)], R('{"name":"a","type":"boolean"}'), ''],
  [
    'a field renamed with an alias',
    [R(A)],
    R('{"name":"c","type":"int","aliases":["a"],"default":0}'),
    'B B*',
  ],
  ['string to bytes', ['"string"'], '"bytes"', ALL],
  ['a symbol added', [ENUM('"A"')], ENUM('"A","B"'), 'B B*'],
  [
    'a symbol added to an enum with a default',
    [ENUM('"A"', ',"default":"A"')],
    ENUM('"A","B"', ',"default":"A"'),
    ALL,
  ],
  ['a branch added', ['["null","int"]'], '["null","int","string"]', 'B B*'],
  ['a branch removed', ['["null","int"]'], '["int"]', 'F F*'],
  [
    'a fixed of another size',
    ['{"type":"fixed","name":"X","size":1}'],
    '{"type":"fixed","name":"X","size":2}',
    '',
  ],
  ['another name', [R()], '{"type":"record","name":"S","fields":[]}', ''],
  ['another namespace', [R()], '{"type":"record","name":"n.R","fields":[]}', ALL],
  // b was removed and comes back: who looks at the last version alone does not see it.
  ['a field comes back', [R(A, B), R(A)], R(A, '{"name":"b","type":"string","default":""}'), 'B F U'],
  ['a field comes back without a default, wider', [R(A), R(B)], R(B, '{"name":"a","type":"long"}'), 'F'],
  ['fits the first version alone', [R(A), R('{"name":"a","type":"string"}')], R(A), ''],
  ['fits the last version alone', [R('{"name":"a","type":"string"}'), R(A)], R(A), 'B F U'],
  ['fits the last two of three', ['"boolean"', '"int"', '"long"'], '"long"', 'B F U'],
  ['promotions in a row', ['"int"', '"long"', '"float"'], '"double"', 'B B*'],
  ['promotions back', ['"double"', '"float"', '"long"'], '"int"', 'F F*'],
];

const object = (properties: string, more = '') => `{"type":"object","properties":{${properties}}${more}}`;
const CLOSED = ',"additionalProperties":false';
const S = '"a":{"type":"string"}';

const JSON_SCHEMA: readonly Case[] = [
  ['nothing', [object(S)], object(S), ALL],
  ['an optional property added to an open model', [object('')], object(S), 'F F*'],
  ['an optional property removed from an open model', [object(S)], object(''), 'B B*'],
  ['an optional property added to a closed model', [object('', CLOSED)], object(S, CLOSED), 'B B*'],
  ['an optional property removed from a closed model', [object(S, CLOSED)], object('', CLOSED), 'F F*'],
  ['a property required', [object(S)], object(S, ',"required":["a"]'), 'F F*'],
  ['a property no longer required', [object(S, ',"required":["a"]')], object(S), 'B B*'],
  ['a bound loosened', ['{"maxLength":5}'], '{"maxLength":6}', 'B B*'],
  ['a bound tightened', ['{"maxLength":6}'], '{"maxLength":5}', 'F F*'],
  ['a type list grows', ['{"type":["string","null"]}'], '{"type":["string","null","integer"]}', 'B B*'],
  ['integer to number', ['{"type":"integer"}'], '{"type":"number"}', 'B B*'],
  ['another type', ['{"type":"string"}'], '{"type":"integer"}', ''],
  ['an enum grows', ['{"enum":["a"]}'], '{"enum":["a","b"]}', 'B B*'],
  ['a title', ['{"title":"a"}'], '{"title":"b","description":"c"}', ALL],
  ['a model closed', [object(S)], object(S, CLOSED), 'F F*'],
  ['fits the last version alone', ['{"type":"string"}', '{"type":"integer"}'], '{"type":"integer"}', 'B F U'],
  ['wider and wider', ['{"maximum":1}', '{"maximum":2}'], '{"maximum":3}', 'B B*'],
  ['as wide as once', ['{"maximum":3}', '{"maximum":1}'], '{"maximum":2}', 'B'],
];

const M = (body: string, more = '') => `syntax = "proto3"; message M { ${body} } ${more}`;

const PROTOBUF: readonly Case[] = [
  ['nothing', [M('int32 a = 1;')], M('int32 a = 1;'), ALL],
  ['a field added', [M('int32 a = 1;')], M('int32 a = 1; string b = 2;'), ALL],
  ['a field removed', [M('int32 a = 1; string b = 2;')], M('int32 a = 1;'), ALL],
  ['a field of the same group', [M('int32 a = 1;')], M('uint64 a = 1;'), ALL],
  ['a field of another group', [M('int32 a = 1;')], M('string a = 1;'), ''],
  ['a message added', [M('')], M('', 'message N {}'), 'B B*'],
  ['a message removed', [M('', 'message N {}')], M(''), 'F F*'],
  [
    'a member added to a oneof',
    [M('oneof o { int32 a = 1; }')],
    M('oneof o { int32 a = 1; int32 b = 2; }'),
    'B B*',
  ],
  [
    'a member removed from a oneof',
    [M('oneof o { int32 a = 1; int32 b = 2; }')],
    M('oneof o { int32 a = 1; }'),
    'F F*',
  ],
  ['a package', [M('')], `syntax = "proto3"; package p; message M {}`, ''],
  ['a required field added', ['message M {}'], 'message M { required int32 a = 1; }', ''],
  ['fits the last version alone', [M('string a = 1;'), M('int32 a = 1;')], M('int32 a = 1;'), 'B F U'],
  ['a message comes and goes', [M('', 'message N {}'), M('')], M(''), 'B F F* U'],
];

const TABLES = { AVRO, JSON: JSON_SCHEMA, PROTOBUF };

describe.each(Object.entries(TABLES))('%s', (name, cases) => {
  const type = SCHEMA_TYPES.get(name)!;
  const read = (text: string) => type.read(text, [], { normalize: false, strict: true });

  test.each(cases)('%s', (_what, history, next, levels) => {
    const newestFirst: OldVersion[] = history
      .map((text, i) => ({ version: i + 1, text, schema: read(text).schema }))
      .reverse();
    const candidate = { type, text: read(next) };
    const taken = LEVELS.filter((level) => {
      const rule = { level, policy: 'STRICT' } as const;
      return checkHistory(rule, candidate, newestFirst).length === 0;
    });
    const expected = levels.split(' ').flatMap((short) => SHORT[short] ?? []);
    expect([...taken].sort()).toEqual(['NONE', ...expected].sort());
  });
});

describe('a history of several languages', () => {
  const avro = SCHEMA_TYPES.get('AVRO')!;
  const candidate = { type: avro, text: avro.read('"int"', [], { normalize: false, strict: true }) };
  const other: OldVersion = { version: 1, text: '{}', schema: null };
  const same: OldVersion = { version: 2, text: '"int"', schema: candidate.text.schema };
  const problems = (level: CompatibilityLevel, ...newestFirst: OldVersion[]) =>
    checkHistory({ level, policy: 'STRICT' }, candidate, newestFirst);

  test('breaks where they meet', () => {
    expect(problems('BACKWARD', other)).toEqual([
      'Incompatible because of different schema type',
      '{oldSchemaVersion: 1}',
      "{oldSchema: '{}'}",
      "{compatibility: 'BACKWARD'}",
    ]);
    expect(problems('NONE', other)).toEqual([]);
    expect(problems('FULL', same, other)).toEqual([]);
    expect(problems('FULL_TRANSITIVE', same, other)).toContain('{oldSchemaVersion: 1}');
  });

  test('stops at the first version that does not fit, and cuts its text', () => {
    const long = { ...other, version: 3, text: 'x'.repeat(20_000) };
    const told = problems('BACKWARD_TRANSITIVE', same, long, other);
    expect(told).toContain('{oldSchemaVersion: 3}');
    expect(told).not.toContain('{oldSchemaVersion: 1}');
    expect(told[2]).toBe(`{oldSchema: '${'x'.repeat(10 * 1024)}...'}`);
  });
});
