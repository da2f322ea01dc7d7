/** Configurations in the documentation and in the declarations of plug-ins are taken by the engine that runs them. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { issueText } from '../../src/worker';
import { repositoryRoot } from '../support/process';
import { catalog, lintText } from './lint';
import { type Block, indentedBlocks, readPages } from './markdown';

const FORMATS = ['yaml', 'yml', 'json', 'properties'];

const pages = readPages();
const fenced = pages.flatMap(({ blocks }) => blocks).filter(({ language }) => FORMATS.includes(language));

/** JSON is also what servers answer; configuration names a connector, or sources and sinks. */
const isAnswer = ({ language, text }: Block): boolean =>
  language === 'json' && !/"(connector\.class|connector|sources|sinks)"\s*:/.test(text);

/** READMEs of connectors leave out the name, and write without a fence. */
const unfenced: Block[] = pages.flatMap((page) =>
  indentedBlocks(page)
    .filter((text) => /^connector\.class=/m.test(text))
    .map((text, i) => ({
      at: `${page.file}, code ${i + 1}`,
      language: 'properties',
      text: /^name=/m.test(text) ? text : `name=example\n${text}`,
    })),
);

const configurations = [...fenced.filter((block) => !isAnswer(block)), ...unfenced];

const issuesOf = async ({ at, language, text }: Block): Promise<string[]> =>
  (await lintText(`${at}.${language}`, text)).issues.map(issueText);

describe('configurations in the documentation', () => {
  test('are found', () => {
    expect(configurations.length).toBeGreaterThan(15);
    expect(unfenced.length).toBeGreaterThan(0);
  });

  test.each(configurations.map((block) => [block.at, block] as const))('%s', async (_at, block) => {
    expect(await issuesOf(block)).toEqual([]);
  });

  test('answers are JSON', () => {
    for (const { text } of fenced.filter(isAnswer)) expect(() => JSON.parse(text)).not.toThrow();
  });

  test.each(configurations.map((block) => [block.at, block] as const))(
    '%s with a misspelt key is found out',
    async (_at, block) => {
      expect(await issuesOf({ ...block, text: withMisspeltKey(block) })).toContainEqual(
        expect.stringMatching(/Unknown|no config/i),
      );
    },
  );
});

/** Puts a key that nobody knows into the innermost place of a connector or of a rule, or of a worker. */
function withMisspeltKey({ language, text }: Block): string {
  if (language === 'json')
    return text.replace(/(\n?\s*)("connector(?:\.class)?"\s*:)/, '$1"topcs": "x",$1$2');
  if (language === 'properties') return `${text}\nbootstrp.servrs=x\n`;
  return text.replace(/^( +)((?:connector(?:\.class)?|subjects):)/m, '$1topcs: x\n$1$2');
}

test('the page on pipeline files shows what lint says', async () => {
  const text = readFileSync(path.join(repositoryRoot, 'docs/pipeline-files.md'), 'utf8');
  const [first] = pages.find(({ file }) => file === 'docs/pipeline-files.md')!.blocks;
  const wrong = first!.text
    .replace('    topic: readings', '    topik: readings')
    .replaceAll('PG_URL', 'PG_ULR');
  const { issues } = await lintText('readings.yaml', wrong);
  expect(issues.length).toBeGreaterThan(2);
  for (const issue of issues) expect(text).toContain(`\n${issueText(issue)}\n`);
});

describe('examples of declarations', () => {
  test('are whole configurations that have nothing wrong', async () => {
    const wrong: string[] = [];
    const plugins = await catalog.all();
    for (const { kind, name, examples = [] } of plugins) {
      if (kind !== 'source' && kind !== 'sink') continue;
      if (examples.length === 0) wrong.push(`${name} has no example`);
      for (const { title, config } of examples) {
        const { issues } = await lintText(`${name}: ${title}.json`, JSON.stringify(config));
        wrong.push(...issues.map(issueText));
      }
    }
    expect(wrong).toEqual([]);
  });

  test('of converters and transforms fit their definition, below the prefix they are shown with', async () => {
    const wrong: string[] = [];
    for (const { kind, name, examples = [], config: def } of await catalog.all()) {
      if (kind === 'source' || kind === 'sink') continue;
      for (const { title, config } of examples) {
        const raw = ownKeys(config);
        for (const { message } of [...def.check(raw), ...def.unknown(raw)])
          wrong.push(`${name}: ${title}: ${message}`);
      }
    }
    expect(wrong).toEqual([]);
  });
});

const PLACES = /^(?:(?:key|value|header)\.converter|(?:transforms|predicates)\.\w+)(?:\.(?!type$)|$|\.type$)/;

function ownKeys(config: Readonly<Record<string, string>>): Record<string, string> {
  const own = Object.entries(config).map(([key, value]) => [key.replace(PLACES, ''), value] as const);
  return Object.fromEntries(
    own.filter(([key]) => key !== '' && key !== 'transforms' && key !== 'predicates'),
  );
}
