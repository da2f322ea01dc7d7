import { type Json, JsonNumber, numberOf, parseJson, printJson, quote } from '../../src/schemas/json-text';

const roundTrip = (text: string): string => printJson(parseJson(text));

describe('JSON text', () => {
  it.each([
    '1.0',
    '1e3',
    '-0',
    '1E+400',
    '9223372036854775807',
    '123456789012345678901234567890',
    '{"b":1,"10":2,"9":3,"__proto__":4}',
    '[true,false,null,"",[],{}]',
    '"naïve ☃ 😀"',
    '"\\u001F\\n\\"\\\\"',
  ])('keeps %s', (text) => expect(roundTrip(text)).toBe(text));

  it('drops blanks and unneeded escapes', () => {
    expect(roundTrip(' { "a\\u0062" : [ 1 , "\\/\\u00e9" ] }\r\n\t')).toBe('{"ab":[1,"/é"]}');
  });

  it('keeps the first place and the last value of a repeated member', () => {
    expect(roundTrip('{"a":1,"b":2,"a":3}')).toBe('{"a":3,"b":2}');
  });

  it('gives integers exactly', () => {
    expect(numberOf(new JsonNumber('9007199254740993'))).toBe(9007199254740993n);
    expect(numberOf(new JsonNumber('42'))).toBe(42);
    expect(numberOf(new JsonNumber('1e3'))).toBe(1000);
  });

  it('quotes what JSON.parse reads back', () => {
    const every = Array.from({ length: 300 }, (_, i) => String.fromCharCode(i)).join('');
    expect(JSON.parse(quote(every))).toBe(every);
  });

  it.each<[string, string]>([
    ['', 'ends too early (line 1, column 1)'],
    ['{"a":1,}', 'member name in quotes is missing (line 1, column 8)'],
    ['[1,]', 'value is missing (line 1, column 4)'],
    ['{"a" 1}', ': is missing (line 1, column 6)'],
    ['01', 'after the end'],
    ['1 2', 'after the end'],
    ['{\n"a": tru}', 'line 2, column 6'],
    ['"abc', 'does not end'],
    ['"a\u0001"', 'control character'],
    ['"\\x"', '\\x is no escape'],
    ['"\\u12g4"', 'four hexadecimal digits'],
    ['"\\constructor"', 'no escape'],
    ['NaN', 'value is missing'],
    ['+1', 'value is missing'],
    ['1.', 'after the end'],
  ])('refuses %j', (text, reason) => expect(() => parseJson(text)).toThrow(reason));

  it('refuses nesting that would overflow the stack', () => {
    expect(() => parseJson('['.repeat(100_000))).toThrow('nested deeper');
  });

  it('agrees with JSON.parse', () => {
    const text = '{"x":[1,2.5,-3e-2,"a\\tb",{"y":null}],"z":false}';
    const plain = (value: Json): unknown => {
      if (value instanceof JsonNumber) return Number(value.text);
      if (Array.isArray(value)) return value.map(plain);
      return value instanceof Map
        ? Object.fromEntries([...value].map(([key, item]) => [key, plain(item)]))
        : value;
    };
    expect(plain(parseJson(text))).toEqual(JSON.parse(text));
  });
});
