import { createSessionKey, signRequest, verifySignature } from '../../../src/worker/storage/session-key';

const body = Buffer.from('[{"a":"é"}]');
const ALLOWED = ['HmacSHA256'];
const key = { key: Buffer.from('00'.repeat(32), 'hex'), algorithm: 'HmacSHA256', createdAt: 0 };

test('keys are random, of 32 bytes unless told', () => {
  const [a, b] = [createSessionKey(undefined, () => 7), createSessionKey(64)];
  expect(a).toMatchObject({ algorithm: 'HmacSHA256', createdAt: 7 });
  expect([a.key.length, b.key.length]).toEqual([32, 64]);
  expect(createSessionKey().key.equals(a.key)).toBe(false);
});

test('a signature is the HMAC of the body in base64, as other implementations make it', () => {
  // RFC 4231, test case 2.
  const rfc = { ...key, key: Buffer.from('Jefe') };
  expect(signRequest(rfc, Buffer.from('what do ya want for nothing?'))).toEqual({
    'X-Connect-Authorization': Buffer.from(
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
      'hex',
    ).toString('base64'),
    'X-Connect-Request-Signature-Algorithm': 'HmacSHA256',
  });
});

const signed = (text: Buffer = body) => ({
  signature: signRequest(key, text)['X-Connect-Authorization']!,
  algorithm: 'HmacSHA256',
  body,
});

test('what was signed with the key of the cluster is believed', () => {
  expect(() => verifySignature(signed(), key, ALLOWED)).not.toThrow();
  const empty = Buffer.alloc(0);
  expect(() => verifySignature({ ...signed(empty), body: empty }, key, ALLOWED)).not.toThrow();
});

test.each([
  ['no signature', { signature: null }, 400, 'Internal request missing required signature'],
  ['no algorithm', { algorithm: null }, 400, 'Internal request missing required signature'],
  ['an unknown algorithm', { algorithm: 'HmacMD0' }, 400, 'Algorithm HmacMD0 not available'],
  ['none of an object', { algorithm: 'constructor' }, 400, 'Algorithm constructor not available'],
  [
    'one not allowed',
    { algorithm: 'HmacSHA1' },
    400,
    "does not support the 'HmacSHA1' key signing algorithm",
  ],
  ['another body', { body: Buffer.from('[]') }, 403, 'Internal request contained invalid signature.'],
  ['another signature', { signature: 'AAAA' }, 403, 'Internal request contained invalid signature.'],
  ['no base64', { signature: '!!' }, 400, 'Illegal base64 character 21'],
])('%s is refused', (_, change, status, text) => {
  expect(() => verifySignature({ ...signed(), ...change }, key, ALLOWED)).toThrow(
    expect.objectContaining({ status, message: expect.stringContaining(text) }),
  );
});

test('nothing can be believed before there is a key', () => {
  expect(() => verifySignature(signed(), null, ALLOWED)).toThrow(expect.objectContaining({ status: 503 }));
});
