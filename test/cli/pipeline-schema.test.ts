import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import Ajv from 'ajv';
import { parse } from 'yaml';
import { renderPipelineSchema } from '../../src/cli/lint';
import { repositoryRoot } from '../support/process';

const file = path.join(repositoryRoot, 'config/pipeline.schema.json');

describe('JSON Schema of pipeline files', () => {
  test('is what the definitions say; `npm run docs` writes it', async () => {
    expect(readFileSync(file, 'utf8')).toBe(await renderPipelineSchema());
  });

  const ajv = new Ajv({ allErrors: true, allowUnionTypes: true });
  const validate = ajv.compile(JSON.parse(readFileSync(file, 'utf8')));
  const examples = ['config/demo', 'config/pipelines'].flatMap((dir) =>
    readdirSync(path.join(repositoryRoot, dir)).map((name) => path.join(dir, name)),
  );

  test.each(examples)('takes %s', (example) => {
    const valid = validate(parse(readFileSync(path.join(repositoryRoot, example), 'utf8')));
    expect(validate.errors ?? []).toEqual([]);
    expect(valid).toBe(true);
  });

  test.each([
    ['no connectors', 'name: x'],
    ['a misspelt section', 'sources: {}\nsink: {}'],
    ['a key of the wrong type', 'sources: {a: {connector: directory-source, recursive: 3}}'],
    [
      'a key of the wrong type under a Java class name',
      'sources: {a: {connector.class: FileStreamSource, batch.size: [1]}}',
    ],
    ['a misspelt role of a converter', 'sources: {}\nconverters: {values: json}'],
    [
      'a converter setting of the wrong type',
      'sources: {}\nconverters: {value: {type: json, schemas.enable: [1]}}',
    ],
    ['a transform without type', 'sources: {a: {connector: x, transforms: [{field: a}]}}'],
  ])('refuses %s', (_what, text) => {
    expect(validate(parse(text))).toBe(false);
  });
});
