import {
  array,
  BYTES_SCHEMA,
  DATE,
  Decimal,
  INT64_SCHEMA,
  Schema,
  STRING_SCHEMA,
  struct,
  structOf,
  TIMESTAMP,
} from '../../../src/kernel';
import { hasSecrets, showBytes, showValue, typeText } from '../../../src/worker/operations/render';

const secret = STRING_SCHEMA.with({ parameters: new Map([['confluent:tags', 'PII,SECRET']]) });
const person = struct([
  ['id', INT64_SCHEMA],
  ['card', secret],
]);

describe('records as somebody reads them', () => {
  it('have their values by name, secrets hidden', () => {
    expect(showValue(structOf(person, { id: 2n ** 60n, card: '4111' }), person)).toEqual({
      id: 2n ** 60n,
      card: '[hidden]',
    });
    expect(hasSecrets(array(person))).toBe(true);
    expect(hasSecrets(INT64_SCHEMA)).toBe(false);
  });

  it('have logical values as people write them', () => {
    expect(showValue(0, new Schema('int32', { name: DATE }))).toBe('1970-01-01');
    expect(showValue(1_700_000_000_000, new Schema('int64', { name: TIMESTAMP }))).toBe(
      '2023-11-14T22:13:20.000Z',
    );
    expect(showValue(1e300, new Schema('int64', { name: TIMESTAMP }))).toBe(1e300);
    expect(showValue(Decimal.parse('12.30'), BYTES_SCHEMA)).toBe('12.30');
    expect(showValue(Number.NaN, new Schema('float64'))).toBe('NaN');
  });

  it('are cut to a size', () => {
    expect(showValue('x'.repeat(10_000), null)).toMatch(/^x{2000}… \(10000 characters\)$/);
    expect(
      (
        showValue(
          Array.from({ length: 5000 }, () => 1),
          null,
        ) as unknown[]
      ).length,
    ).toBe(101);
    const wide = Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`k${i}`, i]));
    expect(Object.keys(showValue(wide, null) as object).length).toBe(501);
    let deep: unknown = 1;
    for (let i = 0; i < 10_000; i++) deep = [deep];
    expect(JSON.stringify(showValue(deep, null)).length).toBeLessThan(100);
    expect(showValue(Buffer.alloc(100_000), null)).toMatchObject({ cutFrom: 100_000 });
  });

  it('keep every field whatever its name', () => {
    expect(JSON.stringify(showValue(JSON.parse('{"__proto__":1,"toString":2}'), null))).toBe(
      '{"__proto__":1,"toString":2}',
    );
    expect(showValue(new Map<unknown, unknown>([[1n, 'a']]), null)).toEqual({ '"1"': 'a' });
  });

  it('are JSON, text, framed by a registry, or bytes', () => {
    expect(showBytes(null)).toBeNull();
    expect(showBytes(Buffer.from('{"a":9007199254740993}'))).toEqual({
      bytes: 22,
      json: { a: 9007199254740993n },
    });
    expect(showBytes(Buffer.from('plain'))).toEqual({ bytes: 5, text: 'plain' });
    expect(showBytes(Buffer.from([0, 0, 0, 0, 7, 1, 2]))).toMatchObject({ schemaId: 7, bytes: 7 });
    expect(showBytes(Buffer.from([0xff, 0xfe]))).toEqual({ bytes: 2, base64: '//4=' });
    expect(showBytes(Buffer.from('{}'), true)).toEqual({ bytes: 2, hidden: true });
  });

  it('have types in short, also those that contain themselves', () => {
    expect(typeText(person)).toBe('struct {id: int64, card: string}');
    const node = new Schema('struct', { name: 'Node', optional: true });
    node.fields = [{ name: 'next', index: 0, schema: node }];
    expect(typeText(node)).toContain('struct Node');
    expect(hasSecrets(node)).toBe(false);
  });
});
