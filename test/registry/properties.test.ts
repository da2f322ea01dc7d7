/** What holds for all schemas: they survive the way through the registry and its topic. The seed of a run is in its name. */
import { SCHEMA_TYPES } from '../../src/registry/types';
import { AvroMaker } from '../schemas/support/random-avro';
import { JsonSchemaMaker } from '../schemas/support/random-json-schema';
import { ProtoMaker } from '../schemas/support/random-proto';
import { type Random, randomOf } from '../support/random';
import { type RegistryClient, startClient } from './client';
import { createFakeKafka } from './fake-kafka';

const SEED = Number(process.env.FUZZ_SEED ?? 20_260_825);
const ROUNDS = Number(process.env.FUZZ_ROUNDS ?? 200);

/** Blanks where they mean nothing. */
const json = (schema: unknown, random: Random): string => JSON.stringify(schema, null, random.below(3));

const MAKERS: Readonly<Record<string, (random: Random) => string>> = {
  AVRO: (random) => {
    const maker = new AvroMaker(random);
    return json(random.chance(0.6) ? maker.root() : maker.schema(3), random);
  },
  JSON: (random) => json(new JsonSchemaMaker(random).root(), random),
  PROTOBUF: (random) => new ProtoMaker(random).file(),
};

interface Stored {
  readonly id: number;
  readonly guid: string;
  readonly version: number;
  readonly schema: string;
}

async function call<T>(client: RegistryClient, method: string, path: string, body?: object): Promise<T> {
  const [status, answer] = await client.call(method, path, body);
  if (status !== 200)
    throw new Error(`${method} ${path} ${JSON.stringify(body)} → ${JSON.stringify(answer)}`);
  return answer as T;
}

describe.each(Object.entries(MAKERS))('%s', (schemaType, make) => {
  const type = SCHEMA_TYPES.get(schemaType)!;
  const read = (text: string) => type.read(text, [], { normalize: false, strict: true });

  test(`schemas survive register, get and parse (seed ${SEED})`, async () => {
    const random = randomOf(SEED);
    const kafka = createFakeKafka();
    const client = await startClient(kafka.port, { compatibilityLevel: 'NONE' });
    const stored = new Map<number, string>();
    for (let round = 0; round < ROUNDS; round++) {
      const schema = make(random);
      const path = `/subjects/s${round % 7}`;
      const given = { schema, schemaType };
      const { id, guid, version } = await call<Stored>(client, 'POST', `${path}/versions`, given);
      const { schema: got } = await call<Stored>(client, 'GET', `/schemas/ids/${id}`);
      // What is got is what was given, and getting it again changes nothing.
      expect(got).toBe(read(schema).canonical);
      expect(read(got).canonical).toBe(got);
      expect(read(got).resolved).toBe(read(schema).resolved);
      expect(type.check(read(got).schema, read(schema).schema, ROLES, 'STRICT')).toEqual([]);
      for (const text of [schema, got]) {
        expect(await call<Stored>(client, 'POST', path, { schema: text, schemaType })).toMatchObject({
          id,
          guid,
        });
        const again = await call<Stored>(client, 'POST', `${path}/versions`, { schema: text, schemaType });
        expect([again.id, again.version]).toEqual([id, version]);
      }
      expect(stored.get(id) ?? got).toBe(got);
      stored.set(id, got);
    }
    await client.running.close();
    // And through the topic.
    const second = await startClient(kafka.port);
    for (const [id, text] of stored) {
      expect((await call<Stored>(second, 'GET', `/schemas/ids/${id}`)).schema).toBe(text);
    }
    await second.running.close();
    // Else it shows nothing.
    expect(stored.size).toBeGreaterThan(ROUNDS / 4);
  });

  test(`normalising is a fixed point (seed ${SEED})`, () => {
    const random = randomOf(SEED + 1);
    for (let round = 0; round < ROUNDS; round++) {
      const options = { normalize: true, strict: true };
      const { canonical } = type.read(make(random), [], options);
      expect(type.read(canonical, [], options).canonical).toBe(canonical);
      expect(read(canonical).canonical).toBe(canonical);
    }
  });
});

const ROLES = { reader: 'what is got', writer: 'what was given' };
