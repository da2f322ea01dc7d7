/** The JSON of the group protocol, member by member. */
import { DataError } from '../../../src/kernel';
import {
  decodeChoice,
  decodeIdentity,
  encodeChoice,
  encodeIdentity,
  urlOf,
} from '../../../src/registry/election/identity';

const node = { scheme: 'http', host: 'sr-1', port: 8081, eligible: true, leader: false };
const text = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));

test('metadata has the members of Confluent', () => {
  expect(JSON.parse(encodeIdentity(node).toString())).toEqual({
    version: 1,
    host: 'sr-1',
    port: 8081,
    master_eligibility: true,
    scheme: 'http',
    leader: false,
  });
  expect(decodeIdentity(encodeIdentity({ ...node, leader: true }))).toEqual({ ...node, leader: true });
});

test.each([
  [
    { version: 1, host: 'h', port: 1, master_eligibility: false, scheme: 'https' },
    { eligible: false, scheme: 'https' },
  ],
  [
    { version: 1, host: 'h', port: 1, master_eligibility: true },
    { eligible: true, scheme: 'http', leader: false },
  ],
  [
    { version: 2, host: 'h', port: 1, master_eligibility: true, karapace_version: '6.2.0' },
    { eligible: true },
  ],
])('reads %j', (members, expected) => {
  expect(decodeIdentity(text(members))).toMatchObject({ host: 'h', port: 1, ...expected });
});

test.each(['', 'no json', '[]', 'null', '{"port":1}', '{"host":"h","port":"1"}'])('refuses %j', (bytes) => {
  expect(() => decodeIdentity(text(bytes))).toThrow(DataError);
});

test('the assignment has the members of Confluent', () => {
  const chosen = { kind: 'chosen', memberId: 'm-1', identity: node } as const;
  expect(JSON.parse(encodeChoice(chosen).toString())).toEqual({
    version: 1,
    error: 0,
    master: 'm-1',
    master_identity: {
      version: 1,
      host: 'sr-1',
      port: 8081,
      master_eligibility: true,
      scheme: 'http',
      leader: false,
    },
  });
  const none = { version: 1, master: null, master_identity: null };
  expect(JSON.parse(encodeChoice({ kind: 'nobody' }).toString())).toEqual({ ...none, error: 0 });
  expect(JSON.parse(encodeChoice({ kind: 'duplicates' }).toString())).toEqual({ ...none, error: 1 });
  for (const choice of [chosen, { kind: 'nobody' }, { kind: 'duplicates' }] as const) {
    expect(decodeChoice(encodeChoice(choice))).toEqual(choice);
  }
});

test('URLs have the brackets of IPv6', () => {
  expect(urlOf(node)).toBe('http://sr-1:8081');
  expect(urlOf({ ...node, host: '::1' })).toBe('http://[::1]:8081');
});
