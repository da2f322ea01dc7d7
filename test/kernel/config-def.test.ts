import {
  atLeast,
  ConfigDef,
  type ConfigKey,
  type ConfigType,
  type ConfigValue,
  nonEmpty,
  oneOf,
  orNull,
  parseValue,
  textOf,
} from '../../src/kernel';

const key = (type: ConfigType, more: Partial<ConfigKey> = {}): ConfigKey => ({
  name: 'k',
  type,
  importance: 'HIGH',
  doc: 'A key.',
  ...more,
});

const judge = (one: ConfigKey, raw: Record<string, string | null>, prefix = '') => {
  const [judged] = new ConfigDef([one]).validate(
    raw,
    (name) => (name === 'Known' ? 'a.b.Known' : null),
    prefix,
  );
  const { text, errors } = judged!;
  return { text, errors };
};

describe('a key is judged as by Kafka', () => {
  const missing = 'Missing required configuration "k" which has no default value.';
  const number = key('INT', { default: 1, validator: atLeast(1) });
  test.each<[string, ConfigKey, Record<string, string | null>, string | null, string[]]>([
    ['the default', number, {}, '1', []],
    ['blanks and a sign', number, { k: ' +3 ' }, '3', []],
    [
      'out of range',
      number,
      { k: '0' },
      '0',
      ['Invalid value 0 for configuration k: Value must be at least 1'],
    ],
    [
      'text: the validator is asked about null',
      number,
      { k: 'x' },
      null,
      [
        'Invalid value x for configuration k: Not a number of type INT',
        'Invalid value null for configuration k: Value must be non-null',
      ],
    ],
    [
      'null is a value',
      number,
      { k: null },
      null,
      ['Invalid value null for configuration k: Value must be non-null'],
    ],
    ['missing', key('STRING', { validator: nonEmpty }), {}, null, [missing]],
    [
      'missing, and null is refused',
      key('STRING', { validator: oneOf('a') }),
      {},
      null,
      [missing, 'Invalid value null for configuration k: String must be one of: a'],
    ],
    [
      'missing, with a validator that cannot take null',
      key('STRING', { validator: (value) => ((value as string).length > 3 ? 'Too long' : null) }),
      {},
      null,
      [missing],
    ],
    ['a list', key('LIST', { default: [] }), { k: ' a ,b,, c' }, 'a,b,,c', []],
    [
      'an empty list',
      key('LIST', { default: [], validator: nonEmpty }),
      { k: ' ' },
      '',
      ['Invalid value [] for configuration k: String must be non-empty'],
    ],
    ['a class', key('CLASS'), { k: ' Known ' }, 'a.b.Known', []],
    [
      'an unknown class',
      key('CLASS'),
      { k: 'x' },
      null,
      ['Invalid value x for configuration k: Class x could not be found.'],
    ],
    [
      'a password',
      key('PASSWORD', { validator: () => 'Too short' }),
      { k: 'secret' },
      '[hidden]',
      ['Invalid value [hidden] for configuration k: Too short'],
    ],
    ['a double', key('DOUBLE'), { k: '2' }, '2.0', []],
    ['the largest LONG', key('LONG'), { k: '9223372036854775807' }, '9223372036854775807', []],
    [
      'one more',
      key('LONG', { default: null, validator: orNull(atLeast(0)) }),
      { k: '9223372036854775808' },
      null,
      ['Invalid value 9223372036854775808 for configuration k: Not a number of type LONG'],
    ],
  ])('%s', (_what, one, raw, text, errors) => {
    expect(judge(one, raw)).toEqual({ text, errors });
  });

  test('below a prefix, validators know the bare name alone', () => {
    const one = key('INT', { validator: atLeast(1) });
    expect(judge(one, { 'a.b.k': '0' }, 'a.b.').errors).toEqual([
      'Invalid value 0 for configuration k: Value must be at least 1',
    ]);
    expect(judge(one, { k: '1' }, 'a.b.').errors[0]).toBe(
      'Missing required configuration "a.b.k" which has no default value.',
    );
    expect(judge(one, { 'a.b.k': 'x' }, 'a.b.').errors[0]).toBe(
      'Invalid value x for configuration a.b.k: Not a number of type INT',
    );
  });
});

test('a key that is missing is one issue, and null is none of its values', () => {
  const def = new ConfigDef([key('STRING', { validator: oneOf('a') })]);
  const issue = { key: 'k', value: null, kind: 'missing' };
  expect(def.check({})).toEqual([expect.objectContaining(issue)]);
  expect(def.check({ k: null })).toHaveLength(1);
});

test.each<[ConfigType, string, ConfigValue]>([
  ['LONG', '-9007199254740991', -9007199254740991],
  ['LONG', '+7', 7],
  ['SHORT', '-32768', -32768],
  ['BOOLEAN', ' TRUE ', true],
])('%s of %s', (type, given, expected) => {
  expect(parseValue(type, given)).toBe(expected);
});

test('defaults have texts too', () => {
  expect(textOf(key('LIST'), ['a', 'b'])).toBe('a,b');
  expect(textOf(key('LONG'), 9_007_199_254_740_991)).toBe('9007199254740991');
  expect(textOf(key('BOOLEAN'), false)).toBe('false');
  expect(textOf(key('STRING'), null)).toBeNull();
});
