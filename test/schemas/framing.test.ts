import { DataError } from '../../src/kernel';
import {
  frameHeader,
  frameId,
  framePrefix,
  parseSchemaHeader,
  schemaHeader,
} from '../../src/schemas/framing';
import { parseGuid } from '../../src/schemas/identity';
import { subjectName, subjectStrategy } from '../../src/schemas/subjects';

const GUID = '095d71cf-1255-6b9d-5e33-0ad575b3df5d';

describe('framing', () => {
  it.each([0, 1, 100003, 2147483647, -1])('id %p is four bytes after a zero', (id) => {
    const prefix = framePrefix(id);
    expect([prefix.length, prefix[0]]).toEqual([5, 0]);
    expect(frameId(Buffer.concat([prefix, Buffer.from('x')]))).toBe(id);
  });

  it('has the bytes of the tutorial', () => {
    expect(framePrefix(100003)).toEqual(Buffer.from('AAABhqM=', 'base64'));
  });

  it('refuses other bytes', () => {
    expect(() => frameId(Buffer.from([0, 0, 0, 1]))).toThrow('Truncated: 4 bytes');
    expect(() => frameId(Buffer.from([1, 0, 0, 0, 1]))).toThrow('Unknown magic byte 1');
  });

  it('has the header of the specification', () => {
    expect(frameHeader(parseGuid(GUID)).toString('hex')).toBe('01095d71cf12556b9d5e330ad575b3df5d');
    const withIndexes = Buffer.concat([frameHeader(parseGuid(GUID)), Buffer.from([2, 2])]);
    expect(parseSchemaHeader(withIndexes)).toEqual({ guid: GUID, rest: Buffer.from([2, 2]) });
  });

  it.each([[[]], [[1, 2]], [[0, ...new Array(16).fill(1)]]])('refuses the header %p', (bytes) => {
    expect(() => parseSchemaHeader(Buffer.from(bytes))).toThrow(DataError);
  });

  it('finds the last header of its side', () => {
    const header = (key: string, value: unknown) => ({ key, schema: null, value });
    const headers = [
      header('__value_schema_id', Buffer.from([1])),
      header('__value_schema_id', Buffer.from([2])),
      header('__key_schema_id', Buffer.from([3])),
      header('other', 1),
    ];
    expect(schemaHeader(headers, false)).toEqual(Buffer.from([2]));
    expect(schemaHeader(headers, true)).toEqual(Buffer.from([3]));
    expect(schemaHeader([header('other', 'x')], true)).toBeNull();
  });
});

describe('subject names', () => {
  it.each([
    ['topic', 'a,b/c', false, null, 'a,b/c-value'],
    ['topic', 't', true, 'a.R', 't-key'],
    ['record', 't', true, 'a.R', 'a.R'],
    ['topic-record', 't', false, 'a.R', 't-a.R'],
  ] as const)('%s of %s (key %s, record %s)', (strategy, topic, isKey, record, name) => {
    expect(subjectName(strategy, topic, isKey, record)).toBe(name);
  });

  it('needs a record name where it is part of the name', () => {
    expect(() => subjectName('record', 't', true, null)).toThrow('The key has no record name');
  });

  it('refuses strategies it does not know', () => {
    expect(() => subjectStrategy('value.subject.name.strategy', 'com.acme.Own')).toThrow(
      'value.subject.name.strategy: com.acme.Own is not a subject name strategy',
    );
  });
});
