import { decodeEvent, encodeKey, encodeValue, type RegistryEvent } from '../../../src/registry/log/events';

const value = {
  id: 7,
  schemaType: 'AVRO',
  schema: '"string"',
  references: [],
  metadata: null,
  ruleSet: null,
  deleted: false,
};

/** The bytes are the contract: compaction and other registries compare them. */
const EXACT: [string, RegistryEvent, string, string | null][] = [
  [
    'a schema',
    { kind: 'schema', subject: 's', version: 1, value },
    '{"keytype":"SCHEMA","subject":"s","version":1,"magic":1}',
    '{"subject":"s","version":1,"id":7,"schema":"\\"string\\"","deleted":false}',
  ],
  [
    'a schema with everything',
    {
      kind: 'schema',
      subject: ':.c:a/b',
      version: 2,
      value: {
        ...value,
        schemaType: 'JSON',
        references: [{ name: 'n', subject: 't', version: 3 }],
        metadata: { properties: { owner: 'me' } },
        ruleSet: {
          domainRules: [{ name: 'r', kind: 'CONDITION', mode: 'WRITE', type: 'CEL', disabled: false }],
        },
        deleted: true,
      },
    },
    '{"keytype":"SCHEMA","subject":":.c:a/b","version":2,"magic":1}',
    '{"subject":":.c:a/b","version":2,"id":7,"schemaType":"JSON","references":[{"name":"n","subject":"t","version":3}],"metadata":{"properties":{"owner":"me"}},"ruleSet":{"domainRules":[{"name":"r","kind":"CONDITION","mode":"WRITE","type":"CEL","disabled":false}]},"schema":"\\"string\\"","deleted":true}',
  ],
  [
    'a hard deletion',
    { kind: 'schema', subject: 's', version: 1, value: null },
    '{"keytype":"SCHEMA","subject":"s","version":1,"magic":1}',
    null,
  ],
  [
    'a config',
    { kind: 'config', scope: 's', value: { compatibilityLevel: 'FULL', normalize: true } },
    '{"keytype":"CONFIG","subject":"s","magic":0}',
    '{"subject":"s","compatibilityLevel":"FULL","normalize":true}',
  ],
  [
    'the global config',
    { kind: 'config', scope: null, value: { compatibilityLevel: 'NONE' } },
    '{"keytype":"CONFIG","magic":0}',
    '{"compatibilityLevel":"NONE"}',
  ],
  [
    'a mode',
    { kind: 'mode', scope: 's', value: 'READONLY' },
    '{"keytype":"MODE","subject":"s","magic":0}',
    '{"subject":"s","mode":"READONLY"}',
  ],
  ['the global mode', { kind: 'mode', scope: null, value: null }, '{"keytype":"MODE","magic":0}', null],
  [
    'a soft-deleted subject',
    { kind: 'delete-subject', subject: 's', upTo: 3 },
    '{"keytype":"DELETE_SUBJECT","subject":"s","magic":0}',
    '{"subject":"s","version":3}',
  ],
  [
    'a cleared subject',
    { kind: 'clear-subject', scope: 's', exists: true },
    '{"keytype":"CLEAR_SUBJECT","subject":"s","magic":0}',
    '{"subject":"s"}',
  ],
  [
    'all subjects cleared',
    { kind: 'clear-subject', scope: null, exists: true },
    '{"keytype":"CLEAR_SUBJECT","magic":0}',
    '{}',
  ],
  [
    'a clearing that is over',
    { kind: 'clear-subject', scope: ':.c:', exists: false },
    '{"keytype":"CLEAR_SUBJECT","subject":":.c:","magic":0}',
    null,
  ],
  [
    'a context',
    { kind: 'context', context: '.ctx', tenant: 'default', exists: true },
    '{"keytype":"CONTEXT","tenant":"default","context":".ctx","magic":0}',
    '{"tenant":"default","context":".ctx"}',
  ],
  ['a noop', { kind: 'noop' }, '{"keytype":"NOOP","magic":0}', null],
];

describe('records of the schemas topic', () => {
  it.each(EXACT)('%s has its exact bytes and comes back', (_what, event, key, bytes) => {
    expect(encodeKey(event).toString()).toBe(key);
    expect(encodeValue(event)?.toString() ?? null).toBe(bytes);
    expect(decodeEvent(encodeKey(event), encodeValue(event))).toEqual(event);
  });

  it.each<[string, string, string | null, object]>([
    [
      'an old magic and another order of members',
      '{"subject":"s","version":1,"magic":0,"keytype":"SCHEMA"}',
      '{"subject":"s","version":1,"id":7,"schema":"\\"string\\"","references":null,"md5":"x","new":1}',
      { kind: 'schema', subject: 's', version: 1, value },
    ],
    [
      'an empty value as a deletion',
      '{"keytype":"SCHEMA","subject":"s","version":1,"magic":1}',
      '',
      { kind: 'schema', subject: 's', version: 1, value: null },
    ],
    [
      'the older spelling of the global config',
      '{"keytype":"CONFIG","subject":null,"magic":0}',
      '{"subject":null,"compatibilityLevel":"FULL"}',
      { kind: 'config', scope: null, value: { compatibilityLevel: 'FULL' } },
    ],
    [
      'a subject spelt in the default context',
      '{"keytype":"CONFIG","subject":":.:s","magic":0}',
      '{"compatibilityLevel":"FULL","alias":null}',
      { kind: 'config', scope: 's', value: { compatibilityLevel: 'FULL' } },
    ],
    [
      'a cleared deletion of a subject',
      '{"keytype":"DELETE_SUBJECT","subject":"s","magic":0}',
      null,
      { kind: 'delete-subject', subject: 's', upTo: null },
    ],
  ])('reads %s', (_what, key, bytes, event) => {
    expect(decodeEvent(Buffer.from(key), bytes === null ? null : Buffer.from(bytes))).toEqual(event);
  });

  it.each<[string | null, string | null, RegExp]>([
    [null, '{}', /no key/],
    ['{', null, /key is not JSON/],
    ['[]', null, /key is not a JSON object/],
    ['{"keytype":"TENANT"}', null, /keytype "TENANT" is unknown/],
    ['{"keytype":"SCHEMA","version":1}', '{}', /"subject" of the key/],
    ['{"keytype":"SCHEMA","subject":"s","version":"1"}', '{}', /"version" of the key/],
    ['{"keytype":"SCHEMA","subject":"s","version":1}', '{"schema":"1"}', /"id" of the value/],
    ['{"keytype":"SCHEMA","subject":"s","version":1}', '{"id":1}', /"schema" of the value/],
    ['{"keytype":"SCHEMA","subject":"s","version":1}', 'x', /value is not JSON/],
    [
      '{"keytype":"CONFIG","magic":0}',
      '{"compatibilityLevel":"SOME"}',
      /compatibilityLevel "SOME" is unknown/,
    ],
    ['{"keytype":"MODE","magic":0}', '{"mode":"X"}', /mode "X" is unknown/],
  ])('refuses the key %s with the value %s', (key, bytes, message) => {
    const [keyBytes, valueBytes] = [key, bytes].map((text) => (text === null ? null : Buffer.from(text)));
    expect(() => decodeEvent(keyBytes!, valueBytes!)).toThrow(message);
  });
});
