import { canonicalAvro, normalizedAvro } from '../../../src/schemas/avro/schema-text';
import { schemaGuid } from '../../../src/schemas/identity';

const canonical = (text: string) => canonicalAvro(text).canonical;
const R = (fields: string, more = '') => `{"type":"record","name":"R"${more},"fields":[${fields}]}`;

describe('canonical Avro text', () => {
  it.each<[what: string, given: string, printed: string]>([
    ['collapses a bare primitive', '{"type":"string"}', '"string"'],
    [
      'keeps a primitive with attributes',
      '{"logicalType":"date","type":"int"}',
      '{"type":"int","logicalType":"date"}',
    ],
    ['drops blanks', ' [ "null" ,\n "int" ] ', '["null","int"]'],
    ['keeps an empty union', '[]', '[]'],
    ['orders an array', '{"items":"int","x":1,"type":"array"}', '{"type":"array","items":"int","x":1}'],
    ['orders a map', '{"values":{"type":"long"},"type":"map"}', '{"type":"map","values":"long"}'],
    [
      'orders a record',
      '{"aliases":["Old","b.Old2"],"fields":[],"p":{"z":1,"a":2},"doc":"d","namespace":"a","name":"R","type":"record"}',
      '{"type":"record","name":"R","namespace":"a","doc":"d","fields":[],"p":{"z":1,"a":2},"aliases":["Old","b.Old2"]}',
    ],
    [
      'orders a field',
      R('{"p":true,"aliases":["g"],"order":"descending","default":1,"doc":"d","type":"int","name":"f"}'),
      R('{"name":"f","type":"int","doc":"d","default":1,"order":"descending","aliases":["g"],"p":true}'),
    ],
    [
      'orders an enum',
      '{"default":"A","aliases":["F"],"q":0,"symbols":["A","B"],"doc":"","name":"E","type":"enum"}',
      '{"type":"enum","name":"E","doc":"","symbols":["A","B"],"default":"A","q":0,"aliases":["F"]}',
    ],
    [
      'orders a fixed',
      '{"size":16,"logicalType":"uuid","name":"F","type":"fixed","aliases":["G"]}',
      '{"type":"fixed","name":"F","size":16,"logicalType":"uuid","aliases":["G"]}',
    ],
    [
      'leaves out the ascending order',
      R('{"name":"f","type":"int","order":"ascending"}'),
      R('{"name":"f","type":"int"}'),
    ],
    ['keeps errors', '{"type":"error","name":"E","fields":[]}', '{"type":"error","name":"E","fields":[]}'],
    [
      'splits a dotted name, which wins over the namespace',
      '{"type":"fixed","name":"a.b.F","namespace":"x.y","size":1}',
      '{"type":"fixed","name":"F","namespace":"a.b","size":1}',
    ],
    [
      'writes the namespace only where it changes and "" when leaving one',
      `{"type":"record","name":"a.R","fields":[
        {"name":"x","type":{"type":"enum","name":"E","namespace":"a","symbols":["S"]}},
        {"name":"y","type":{"type":"enum","name":"E","namespace":"b","symbols":["S"]}},
        {"name":"z","type":{"type":"enum","name":"E","namespace":"","symbols":["S"]}}]}`,
      '{"type":"record","name":"R","namespace":"a","fields":[' +
        '{"name":"x","type":{"type":"enum","name":"E","symbols":["S"]}},' +
        '{"name":"y","type":{"type":"enum","name":"E","namespace":"b","symbols":["S"]}},' +
        '{"name":"z","type":{"type":"enum","name":"E","namespace":"","symbols":["S"]}}]}',
    ],
    [
      'names later uses, short inside the same namespace',
      `{"type":"record","name":"a.R","fields":[
        {"name":"x","type":{"type":"fixed","name":"F","size":1}},
        {"name":"y","type":"a.F"},{"name":"r","type":["null","R"]},
        {"name":"s","type":{"type":"record","name":"b.S","fields":[{"name":"f","type":"a.F"}]}}]}`,
      '{"type":"record","name":"R","namespace":"a","fields":[' +
        '{"name":"x","type":{"type":"fixed","name":"F","size":1}},' +
        '{"name":"y","type":"F"},{"name":"r","type":["null","R"]},' +
        '{"name":"s","type":{"type":"record","name":"S","namespace":"b","fields":[{"name":"f","type":"a.F"}]}}]}',
    ],
    [
      'spells numbers and members as given',
      R('{"name":"d","type":"double","default":1.0,"x":1e3,"y":{"10":9007199254740993,"9":-0}}'),
      R('{"name":"d","type":"double","default":1.0,"x":1e3,"y":{"10":9007199254740993,"9":-0}}'),
    ],
    [
      'reads the text default of a double as the number',
      R('{"name":"d","type":"double","default":"1"}'),
      R('{"name":"d","type":"double","default":1.0}'),
    ],
    [
      'keeps a null default and other attributes that are null',
      R('{"name":"n","type":"null","default":null,"p":null}'),
      R('{"name":"n","type":"null","default":null,"p":null}'),
    ],
    [
      'does not escape what needs none',
      R('{"name":"f","type":"string","doc":"\\u00e9 / \\u0007"}'),
      R('{"name":"f","type":"string","doc":"é / \\u0007"}'),
    ],
    [
      'takes a repeated definition that says the same',
      '[{"type":"fixed","name":"F","size":1},{"type":"array","items":{"name":"F","type":"fixed","size":1}}]',
      '[{"type":"fixed","name":"F","size":1},{"type":"array","items":"F"}]',
    ],
  ])('%s', (_what, given, printed) => {
    expect(canonical(given)).toBe(printed);
    expect(canonical(printed)).toBe(printed);
  });

  const address =
    '{"type":"record","name":"Address","namespace":"a","fields":[{"name":"z","type":{"type":"fixed","name":"Zip","size":5}}]}';

  it('prints types of references by name, nested ones too, and inlines them on request', () => {
    const references = [{ name: 'a.Address', text: address }];
    const text =
      '{"type":"record","name":"P","namespace":"a","fields":[{"name":"h","type":"a.Address"},{"name":"z","type":"Zip"}]}';
    const parsed = canonicalAvro(text, references, { strict: true });
    expect(parsed.canonical).toBe(text.replace('"a.Address"', '"Address"'));
    expect(parsed.resolved).toBe(
      '{"type":"record","name":"P","namespace":"a","fields":[{"name":"h","type":' +
        `${address.replace(',"namespace":"a"', '')}},{"name":"z","type":"Zip"}]}`,
    );
    expect(canonicalAvro(parsed.resolved).canonical).toBe(parsed.resolved);
  });

  it('lets a whole schema be the name of a reference', () => {
    expect(canonicalAvro('"a.Address"', [{ name: 'a.Address', text: address }]).canonical).toBe(
      '"a.Address"',
    );
  });

  it('hashes to the known guid', () => {
    expect(schemaGuid({ schema: canonical('{"type":"string"}') })).toBe(
      '095d71cf-1255-6b9d-5e33-0ad575b3df5d',
    );
  });

  it.each<[text: string, reason: string]>([
    ['', 'ends too early'],
    ['{"type":"string"', '} is missing'],
    ['"integer"', '"integer" is neither a type nor defined before (at the top)'],
    ['{"type":"integer"}', 'neither a type'],
    ['{"name":"x"}', '"type" is missing'],
    ['42', 'a schema is a name'],
    ['{"type":"array"}', '"items" is missing'],
    ['{"type":"map"}', '"values" is missing'],
    ['{"type":"record","fields":[]}', 'needs "name"'],
    ['{"type":"record","name":"R"}', 'needs "fields"'],
    ['{"type":"record","name":"int","fields":[]}', 'name of a primitive'],
    [R('{"type":"int"}'), 'a field needs "name"'],
    [R('{"name":"f"}'), 'the field f needs "type"'],
    [R('7'), 'a field is an object (at /fields/0)'],
    [R('{"name":"f","type":"int"},{"name":"f","type":"int"}'), 'has the field f twice (at /fields/1)'],
    [R('{"name":"f","type":["int","X"]}'), '"X" is neither a type nor defined before (at /fields/0/type/1)'],
    [R('{"name":"f","type":"int","order":"up"}'), '"order" is'],
    [R('{"name":"f","type":"int","aliases":"g"}'), '"aliases" is an array'],
    ['["int",["null"]]', 'directly inside a union (at /1)'],
    ['["int","int"]', 'has int twice'],
    ['[{"type":"fixed","name":"F","size":1},"F"]', 'has F twice'],
    [
      '[{"type":"fixed","name":"F","size":1},{"type":"array","items":{"type":"fixed","name":"F","size":2}}]',
      'F is defined twice',
    ],
    ['{"type":"enum","name":"E"}', 'needs "symbols"'],
    ['{"type":"enum","name":"E","symbols":[1]}', '"symbols" is an array of texts'],
    ['{"type":"enum","name":"E","symbols":["A","A"]}', 'the symbol A twice'],
    ['{"type":"enum","name":"E","symbols":["A"],"default":"B"}', 'default B'],
    ['{"type":"fixed","name":"F"}', 'needs "size"'],
    ['{"type":"fixed","name":"F","size":-1}', 'needs "size"'],
    ['{"type":"fixed","name":"F","size":1.5}', 'needs "size"'],
  ])('refuses %s', (text, reason) => expect(() => canonical(text)).toThrow(reason));

  it.each<[text: string, reason: string]>([
    ['{"type":{"type":"string"}}', '"type" is missing'],
    ['{"type":"enum","name":"E","symbols":["a-b"]}', '"a-b" is not a name'],
    ['{"type":"fixed","name":"1F","size":1}', '"1F" is not a name'],
    ['{"type":"fixed","name":"F","namespace":"a-b","size":1}', '"a-b" is not a name'],
    [R('{"name":"ä","type":"int"}'), '"ä" is not a name'],
    [
      R('{"name":"f","type":"int","default":"1"}'),
      'default of the field f of R is "1", which is no int (at /fields/0/default)',
    ],
    [R('{"name":"f","type":"int","default":2147483648}'), 'no int'],
    [R('{"name":"f","type":"long","default":9223372036854775808}'), 'no long'],
    [R('{"name":"f","type":"int","default":1.0}'), 'no int'],
    [R('{"name":"f","type":"boolean","default":null}'), 'no boolean'],
    [R('{"name":"f","type":["null","int"],"default":"x"}'), 'no union'],
    [R('{"name":"f","type":{"type":"array","items":"int"},"default":[1,"x"]}'), 'no array'],
    [R('{"name":"f","type":"R","default":{}}'), 'no record'],
  ])('refuses for a new schema, but keeps as an old one: %s', (text, reason) => {
    expect(() => canonicalAvro(text, [], { strict: true })).toThrow(reason);
    expect(() => canonicalAvro(text)).not.toThrow();
  });

  it.each([
    R('{"name":"f","type":["null","int"],"default":5}'),
    R('{"name":"f","type":"float","default":5}'),
    R('{"name":"f","type":"long","default":9223372036854775807}'),
    R('{"name":"f","type":{"type":"map","values":["int","string"]},"default":{"a":1,"b":"c"}}'),
    R(
      '{"name":"f","type":{"type":"record","name":"S","fields":[{"name":"a","type":"int","default":1}]},"default":{}}',
    ),
  ])('takes for a new schema: %s', (text) =>
    expect(canonicalAvro(text, [], { strict: true }).canonical).toBe(text),
  );

  it('names the reference that is wrong', () => {
    expect(() => canonicalAvro('"int"', [{ name: 'a.B', text: '{' }])).toThrow('Reference a.B: ');
  });
});

describe('normalised Avro text', () => {
  it('writes full names, orders and sorted attributes', () => {
    const { normalized } = normalizedAvro(
      '{"type":"record","name":"R","namespace":"a","doc":"d","z":1,"b":{"y":1,"x":[{"q":1,"p":2}]},"aliases":["Z","b.A"],' +
        '"fields":[{"name":"f","type":{"type":"fixed","name":"F","size":2},"default":"ab","doc":"","aliases":["h","g"],"p":1},' +
        '{"name":"g","type":"F","order":"ignore"}]}',
    );
    expect(normalized).toBe(
      '{"name":"a.R","type":"record","fields":[' +
        '{"name":"f","type":{"name":"a.F","type":"fixed","size":2},"order":"ASCENDING","doc":"","aliases":["g","h"],"default":"ab","p":1},' +
        '{"name":"g","type":"a.F","order":"IGNORE"}],"doc":"d","aliases":["a.Z","b.A"],"b":{"x":[{"p":2,"q":1}],"y":1},"z":1}',
    );
  });

  it('gives one canonical text to spellings of one schema', () => {
    const a = R('{"name":"d","type":"double","default":1,"b":1,"a":2}', ',"doc":""');
    const b = R('{"a":2,"b":1,"default":1.0,"name":"d","type":{"type":"double"},"order":"ascending"}');
    expect(normalizedAvro(a).canonical).toBe(normalizedAvro(b).canonical);
  });

  it('puts a logical type that holds first and drops nothing of one that does not', () => {
    const decimal = (more: string) =>
      normalizedAvro(`{"type":"bytes","connect.name":"D",${more}}`).normalized;
    expect(decimal('"scale":2,"precision":4,"logicalType":"decimal"')).toBe(
      '{"type":"bytes","logicalType":"decimal","precision":4,"scale":2,"connect.name":"D"}',
    );
    expect(decimal('"scale":5,"precision":4,"logicalType":"decimal"')).toBe(
      '{"type":"bytes","connect.name":"D","logicalType":"decimal","precision":4,"scale":5}',
    );
  });

  it('leaves referenced types as names', () => {
    const reference = { name: 'a.F', text: '{"type":"fixed","name":"F","namespace":"a","size":1}' };
    const { normalized, canonical: stored } = normalizedAvro('{"type":"array","items":"a.F"}', [reference]);
    expect(normalized).toBe('{"type":"array","items":"a.F"}');
    expect(stored).toBe(normalized);
  });

  it.each<[given: string, printed: string]>([
    ['1e3', '1000.0'],
    ['12345678.9', '1.23456789E7'],
    ['0.0001', '1.0E-4'],
    ['0.001', '0.001'],
    ['-0.0', '-0.0'],
    ['1e22', '1.0E22'],
    ['9999999', '9999999.0'],
  ])('spells the double %s as %s', (given, printed) => {
    expect(normalizedAvro(R(`{"name":"d","type":"double","default":${given}}`)).canonical).toContain(
      `"default":${printed}}`,
    );
  });

  it('spells a float by its 32 bits', () => {
    const float = (value: string) =>
      normalizedAvro(R(`{"name":"d","type":"float","default":${value}}`)).canonical;
    expect(float('0.1')).toContain('"default":0.1}');
    expect(float('16777217')).toContain('"default":1.6777216E7}');
    expect(float('0.10000000149011612')).toContain('"default":0.1}');
  });
});
