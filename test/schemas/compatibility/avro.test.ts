import { canonicalAvro } from '../../../src/schemas/avro/schema-text';
import { checkAvro } from '../../../src/schemas/compatibility/avro';
import { describeProblem } from '../../../src/schemas/compatibility/avro-text';

const parse = (schema: unknown) => canonicalAvro(JSON.stringify(schema)).schema;
const check = (reader: unknown, writer: unknown) =>
  checkAvro(parse(reader), parse(writer)).map(({ kind, location }) => `${kind} ${location}`);

const record = (name: string, ...fields: object[]) => ({ type: 'record', name, fields });
const field = (name: string, type: unknown, more: object = {}) => ({ name, type, ...more });
const enumOf = (name: string, symbols: string[], more: object = {}) => ({
  type: 'enum',
  name,
  symbols,
  ...more,
});
const fixed = (name: string, size: number) => ({ type: 'fixed', name, size });
const array = (items: unknown) => ({ type: 'array', items });
const map = (values: unknown) => ({ type: 'map', values });
const list = (value: string, name = 'List') => record(name, field('head', value), field('tail', array(name)));

const PRIMITIVES = ['null', 'boolean', 'int', 'long', 'float', 'double', 'string', 'bytes'];
const READS: Record<string, string[]> = {
  long: ['int'],
  float: ['int', 'long'],
  double: ['int', 'long', 'float'],
  string: ['bytes'],
  bytes: ['string'],
};

describe('primitive types', () => {
  const pairs = PRIMITIVES.flatMap((reader) => PRIMITIVES.map((writer) => [reader, writer] as const));
  it.each(pairs)('%s reads %s exactly when it is the same or a promotion', (reader, writer) => {
    const readable = reader === writer || (READS[reader] ?? []).includes(writer);
    expect(check(reader, writer)).toEqual(readable ? [] : ['TYPE_MISMATCH ']);
  });
});

describe('what fits', () => {
  it.each<[string, unknown, unknown]>([
    ['array of promotion', array('long'), array('int')],
    ['map of promotion', map('double'), map('float')],
    ['a field less', record('R', field('a', 'int')), record('R', field('a', 'int'), field('b', 'int'))],
    ['a field more with default', record('R', field('a', 'int', { default: 0 })), record('R')],
    [
      'a field more with default null',
      record('R', field('a', ['null', 'int'], { default: null })),
      record('R'),
    ],
    [
      'fields in another order',
      record('R', field('a', 'int'), field('b', 'int')),
      record('R', field('b', 'int'), field('a', 'int')),
    ],
    [
      'a field found by alias',
      record('R', field('b', 'int', { aliases: ['a'] })),
      record('R', field('a', 'int')),
    ],
    ['another namespace', record('x.R', field('a', 'int')), record('y.R', field('a', 'int'))],
    ['another name with alias', { ...record('R2'), aliases: ['R1'] }, record('R1')],
    ['alias in a namespace', { ...record('n.R2'), aliases: ['m.R1'] }, record('m.R1')],
    ['an enum with more symbols', enumOf('E', ['A', 'B', 'C']), enumOf('E', ['A', 'B'])],
    [
      'an enum with fewer symbols and a default',
      enumOf('E', ['A'], { default: 'A' }),
      enumOf('E', ['A', 'B']),
    ],
    ['the same fixed', fixed('F', 4), fixed('F', 4)],
    ['a union with more branches', ['null', 'int', 'string'], ['null', 'int']],
    ['a union that widens', ['null', 'long'], ['int', 'null']],
    ['a plain writer in a union', ['null', 'int'], 'int'],
    ['a plain reader of one branch', 'long', ['int', 'long']],
    ['an empty writer union', 'int', []],
    ['recursion', list('long'), list('int')],
    [
      'logical types do not count',
      { type: 'bytes', logicalType: 'decimal', precision: 9, scale: 2 },
      { type: 'bytes', logicalType: 'decimal', precision: 4, scale: 1 },
    ],
    [
      'a union of records, by name',
      ['null', record('B', field('x', 'int'))],
      [record('B', field('x', 'int'), field('y', 'int')), 'null'],
    ],
  ])('%s', (_what, reader, writer) => {
    expect(check(reader, writer)).toEqual([]);
  });
});

describe('what does not fit, and where', () => {
  it.each<[string, unknown, unknown, string[]]>([
    ['int array reads long', array('int'), array('long'), ['TYPE_MISMATCH /items']],
    ['map values', map('int'), map('string'), ['TYPE_MISMATCH /values']],
    ['array and map', array('int'), map('int'), ['TYPE_MISMATCH ']],
    ['a name', record('A'), record('B'), ['NAME_MISMATCH /name']],
    [
      'an alias that is not the full name',
      { ...record('R2'), aliases: ['R1'] },
      record('m.R1'),
      ['NAME_MISMATCH /name'],
    ],
    ['a fixed name', fixed('F', 4), fixed('G', 8), ['NAME_MISMATCH /name']],
    ['a fixed size', fixed('F', 4), fixed('F', 8), ['FIXED_SIZE_MISMATCH /size']],
    ['enum symbols', enumOf('E', ['A']), enumOf('E', ['A', 'B']), ['MISSING_ENUM_SYMBOLS /symbols']],
    ['an enum name', enumOf('E', ['A']), enumOf('F', ['A']), ['NAME_MISMATCH /name']],
    [
      'a field without default',
      record('R', field('a', 'int'), field('b', 'int')),
      record('R', field('a', 'int')),
      ['READER_FIELD_MISSING_DEFAULT_VALUE /fields/1'],
    ],
    [
      'field types',
      record('R', field('a', 'int'), field('b', 'string')),
      record('R', field('a', 'string'), field('b', 'int')),
      ['TYPE_MISMATCH /fields/0/type', 'TYPE_MISMATCH /fields/1/type'],
    ],
    [
      'an inner record',
      record('R', field('a', record('I', field('x', 'int')))),
      record('R', field('a', record('I'))),
      ['READER_FIELD_MISSING_DEFAULT_VALUE /fields/0/type/fields/0'],
    ],
    ['a branch of the writer', 'int', ['int', 'string'], ['TYPE_MISMATCH /1']],
    ['union lacks a branch', ['null', 'int'], ['null', 'string'], ['MISSING_UNION_BRANCH /1']],
    ['union lacks a plain type', ['null', 'int'], 'string', ['MISSING_UNION_BRANCH ']],
    ['recursion', list('int'), list('long'), ['TYPE_MISMATCH /fields/0/type']],
    ['a fixed is no bytes', 'bytes', fixed('F', 4), ['TYPE_MISMATCH ']],
    ['an enum is no string', 'string', enumOf('E', ['A']), ['TYPE_MISMATCH ']],
  ])('%s', (_what, reader, writer, problems) => {
    expect(check(reader, writer)).toEqual(problems);
  });
});

it('tells a shared broken type once', () => {
  const inner = (type: string) => record('I', field('x', type));
  const outer = (type: string) =>
    record('R', field('a', inner(type)), field('b', 'I'), field('c', array('I')));
  expect(check(outer('int'), outer('string'))).toEqual(['TYPE_MISMATCH /fields/0/type/fields/0/type']);
});

it('does not let a cycle that was taken for compatible decide for a union branch', () => {
  // The reader tries branch A first. Inside, Node refers back to A, which is still under way and later proves broken by
  // its field z; B, tried next, needs Node to be judged with that known.
  const reader = [
    record('A', field('node', record('Node', field('back', 'A'))), field('z', 'int')),
    { ...record('B', field('node', 'Node')), aliases: ['A'] },
  ];
  const writer = record('A', field('node', record('Node', field('back', 'A'))), field('z', 'string'));
  expect(check(reader, writer)).toEqual(['MISSING_UNION_BRANCH ']);
});

it('does not lose why a pair is broken that a union did without', () => {
  // A fails by z, and C takes its place; but q needs Node, which needs A.
  const of = (z: string, ...more: object[]) => {
    const a = record('A', field('node', record('Node', field('back', 'A'))), field('z', z));
    return record('R', field('x', more.length === 0 ? a : [a, ...more]), field('q', 'Node'));
  };
  const reader = of('int', { ...record('C'), aliases: ['A'] });
  expect(check(reader, of('string'))).not.toEqual([]);
});

it('compares schemas that share types exponentially often in no time', () => {
  const chain = (type: string) => {
    let schema: unknown = record('R0', field('x', type));
    for (let i = 1; i < 40; i++) schema = record(`R${i}`, field('a', schema), field('b', `R${i - 1}`));
    return schema;
  };
  expect(check(chain('long'), chain('int'))).toEqual([]);
  expect(check(chain('int'), chain('long'))).toHaveLength(1);
});

it('gives up instead of blocking', () => {
  const union = Array.from({ length: 60 }, (_, i) => record(`R${i}`, field('x', 'int')));
  const schema = parse(union);
  expect(checkAvro(schema, parse(union), 1000).map(({ kind }) => kind)).toEqual(['CHECK_TOO_COMPLEX']);
  expect(checkAvro(schema, parse(union))).toEqual([]);
});

it('says what would make the schemas fit', () => {
  const reader = parse(record('R', field('b', 'int')));
  const [problem] = checkAvro(reader, parse(record('R')));
  const text = describeProblem(problem!, { reader: 'new schema', writer: 'old schema' });
  expect(text).toBe(
    `{errorType:'READER_FIELD_MISSING_DEFAULT_VALUE', location:'/fields/0', description:'The new schema has the field b without a default, and the old schema does not have it', reader:'{"name":"b","type":"int"}', writer:'{"type":"record","name":"R","fields":[]}', fix:'give the field b a default, for example type ["null", …] with default null'}`,
  );
});

it('names the branch that comes closest', () => {
  const reader = parse(['null', record('R', field('b', 'int'))]);
  const [problem] = checkAvro(reader, parse(record('R')));
  const text = describeProblem(problem!, { reader: 'new schema', writer: 'old schema' });
  expect(text).toContain(
    'the one closest to it fails with READER_FIELD_MISSING_DEFAULT_VALUE at /1/fields/0',
  );
});
