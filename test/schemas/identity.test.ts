import { createHash } from 'node:crypto';
import { contentKey, formatGuid, parseGuid, schemaGuid } from '../../src/schemas/identity';

describe('schema identity', () => {
  it('is the MD5 of the text, printed as a UUID', () => {
    expect(schemaGuid({ schema: '"string"' })).toBe('095d71cf-1255-6b9d-5e33-0ad575b3df5d');
  });

  it('covers references in order: name, subject, version as big-endian int32', () => {
    const expected = createHash('md5')
      .update('"a.B"')
      .update('a.B')
      .update('b-subject')
      .update(Buffer.from([0, 0, 1, 2]));
    const key = contentKey({
      schema: '"a.B"',
      references: [{ name: 'a.B', subject: 'b-subject', version: 258 }],
    });
    expect(key).toEqual(expected.digest());
  });

  it('covers metadata and rule set, each after a byte 1', () => {
    const one = Buffer.from([1]);
    const md5 = (...parts: (string | Buffer)[]) =>
      parts.reduce((hash, part) => hash.update(part), createHash('md5')).digest();
    expect(contentKey({ schema: 's', metadata: 'm', ruleSet: 'r' })).toEqual(md5('s', one, 'm', one, 'r'));
    expect(contentKey({ schema: 's', metadata: null, ruleSet: 'm' })).toEqual(md5('s', one, 'm'));
    expect(contentKey({ schema: 's', references: [], metadata: null })).toEqual(md5('s'));
  });

  it('hashes UTF-8, not escapes', () => {
    expect(contentKey({ schema: '"é"' })).toEqual(createHash('md5').update(Buffer.from('"é"')).digest());
  });

  it('reads its own guids back and refuses others', () => {
    const key = contentKey({ schema: '"int"' });
    expect(parseGuid(formatGuid(key))).toEqual(key);
    expect(() => parseGuid('095d71cf12556b9d5e330ad575b3df5d')).toThrow('not a schema guid');
  });
});
