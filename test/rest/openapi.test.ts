import { type Served, serve } from './support';

interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

interface Operation {
  readonly summary: string;
  readonly tags: readonly string[];
  readonly parameters: readonly { readonly name: string; readonly in: string }[];
  readonly responses: Readonly<Record<string, object>>;
}

describe('/openapi.json', () => {
  let rest: Served;
  let document: Document;
  beforeAll(async () => {
    rest = await serve({
      more: (api) => {
        api.get(
          '/api/v1/things/:thing',
          { config: { operation: { summary: 'A thing', tag: 'Things', answers: { 200: 'It' } } } },
          (_request, reply) => reply.send(),
        );
      },
    });
    document = (await rest.ask('GET', '/openapi.json')).json<Document>();
  });
  afterAll(() => rest.close());

  test('has every route, and no other', () => {
    const described = Object.entries(document.paths).flatMap(([path, verbs]) =>
      Object.keys(verbs).map((verb) => `${verb.toUpperCase()} ${path}`),
    );
    // The document and the probes are there before the routes are looked at.
    const seen = [...rest.routes.keys()].filter((route) => !route.startsWith('HEAD '));
    expect(described.filter((route) => route !== 'GET /openapi.json').sort()).toEqual(seen.sort());
    expect(seen.length).toBeGreaterThan(28);
    expect(described).toContain('GET /api/v1/things/{thing}');
  });

  test('says of each what it is, takes and answers', () => {
    for (const [path, verbs] of Object.entries(document.paths)) {
      const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      for (const { summary, tags, parameters, responses } of Object.values(verbs)) {
        expect([summary.length > 3, tags.length]).toEqual([true, 1]);
        expect(parameters.filter((each) => each.in === 'path').map(({ name }) => name)).toEqual(names);
        expect(Object.keys(responses)).toContain('default');
        expect(Object.keys(responses).some((status) => status.startsWith('2'))).toBe(true);
      }
    }
    expect(document.openapi).toBe('3.1.0');
  });
});
