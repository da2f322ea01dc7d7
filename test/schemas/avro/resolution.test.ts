import { parseAvro } from '../../../src/schemas/avro/parse';
import { readProblem } from '../../../src/schemas/avro/resolution';

const problem = (reader: string, writer: string) =>
  readProblem(parseAvro(reader).schema, parseAvro(writer).schema);
const R = (fields: string, name = 'R') => `{"type":"record","name":"${name}","fields":[${fields}]}`;
const F = (name: string, type: string, more = '') => `{"name":"${name}","type":${type}${more}}`;
const E = (symbols: string, more = '') => `{"type":"enum","name":"E","symbols":[${symbols}]${more}}`;

describe('schema resolution', () => {
  const kinds = ['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'];
  const promoted = new Set([
    'int>long',
    'int>float',
    'int>double',
    'long>float',
    'long>double',
    'float>double',
    'string>bytes',
    'bytes>string',
  ]);

  it('promotes exactly what the specification promotes', () => {
    for (const writer of kinds) {
      for (const reader of kinds) {
        const expected = writer === reader || promoted.has(`${writer}>${reader}`);
        expect([writer, reader, problem(`"${reader}"`, `"${writer}"`) === null]).toEqual([
          writer,
          reader,
          expected,
        ]);
      }
    }
  });

  it.each<[what: string, reader: string, writer: string]>([
    ['fewer fields', R(F('a', '"int"')), R(`${F('a', '"int"')},${F('b', '"int"')}`)],
    [
      'more fields with defaults',
      R(`${F('a', '"int"')},${F('b', '"int"', ',"default":1')}`),
      R(F('a', '"int"')),
    ],
    ['a renamed field by alias', R(F('b', '"int"', ',"aliases":["a"]')), R(F('a', '"int"'))],
    [
      'another namespace',
      '{"type":"record","name":"x.R","fields":[]}',
      '{"type":"record","name":"y.R","fields":[]}',
    ],
    ['a renamed record by alias', '{"type":"record","name":"S","aliases":["R"],"fields":[]}', R('')],
    ['more symbols', E('"A","B"'), E('"A"')],
    ['fewer symbols with a default', E('"A"', ',"default":"A"'), E('"A","B"')],
    ['a wider union', '["null","int","string"]', '["int","null"]'],
    ['a union around the type', '["null","long"]', '"int"'],
    ['a union whose branches all fit', '"double"', '["int","float"]'],
    ['promoted items', '{"type":"array","items":"long"}', '{"type":"array","items":"int"}'],
    ['promoted values', '{"type":"map","values":"double"}', '{"type":"map","values":"int"}'],
    [
      'a recursive record',
      R(F('next', '["null","R"]')),
      R(`${F('next', '["null","R"]')},${F('v', '"int"')}`),
    ],
  ])('reads %s', (_what, reader, writer) => expect(problem(reader, writer)).toBeNull());

  it.each<[what: string, reader: string, writer: string, reason: string]>([
    ['a missing field', R(F('a', '"int"')), R(''), 'field a: it is missing and has no default'],
    ['a narrowed field', R(F('a', '"int"')), R(F('a', '"long"')), 'field a: long cannot be read as int'],
    ['a missing symbol', E('"A"'), E('"A","B"'), 'the symbol B is missing'],
    ['another name', '{"type":"record","name":"S","fields":[]}', R(''), 'R is not S'],
    [
      'another size',
      '{"type":"fixed","name":"F","size":1}',
      '{"type":"fixed","name":"F","size":2}',
      'sizes differ',
    ],
    ['a branch too many', '["null","int"]', '["null","string"]', 'no branch of the union reads string'],
    ['a nullable as required', '"int"', '["null","int"]', 'null cannot be read as int'],
    [
      'an array as map',
      '{"type":"map","values":"int"}',
      '{"type":"array","items":"int"}',
      'array cannot be read as map',
    ],
    [
      'a difference deep inside a recursive record',
      R(`${F('next', '["null","R"]')},${F('v', '"int"')}`),
      R(`${F('next', '["null","R"]')},${F('v', '"string"')}`),
      'field',
    ],
  ])('does not read %s', (_what, reader, writer, reason) =>
    expect(problem(reader, writer)).toContain(reason),
  );

  it('ends quickly on schemas that hold each other in many ways', () => {
    const names = Array.from({ length: 12 }, (_, i) => `T${i}`);
    const last = (i: number) => (i === 11 ? ',{"name":"end","type":"int"}' : '');
    const text = (end: string) =>
      names.reduceRight(
        (inner, name, i) =>
          `{"type":"record","name":"${name}","fields":[{"name":"a","type":["null",${inner}]},{"name":"b","type":["null","${names[i]}"]}${last(i)}]}`,
        end,
      );
    const reader = text('"int"').replace('"end","type":"int"', '"end","type":"string"');
    expect(problem(text('"int"'), text('"int"'))).toBeNull();
    expect(problem(reader, text('"int"'))).not.toBeNull();
  });
});
