/** What the documentation refers to is there: files, headings, commands with their options, scripts, metrics. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { scripts } from '../../package.json';
import { repositoryRoot, runProcess } from '../support/process';
import { codeLines, codeSpans, filesBelow, type Page, proseOf, readPages } from './markdown';

const pages = readPages();

const linksOf = (page: Page): string[] =>
  [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => target!)
    .filter((target) => !/^[a-z]+:/.test(target));

/** Anchors as GitHub makes them of headings, and those that are written out. */
function anchorsOf(file: string): Set<string> {
  const text = readFileSync(path.join(repositoryRoot, file), 'utf8');
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
  return new Set([...headings, ...[...text.matchAll(/id="([^"]+)"/g)].map(([, id]) => id!)]);
}

function isBroken(page: Page, link: string): boolean {
  const [target = '', anchor] = link.split('#', 2);
  const file = target === '' ? page.file : path.join(path.dirname(page.file), target);
  if (!existsSync(path.join(repositoryRoot, file))) return true;
  return anchor !== undefined && !anchorsOf(file).has(anchor);
}

test('links lead somewhere', () => {
  const links = pages.flatMap((page) => linksOf(page).map((link) => [page, link] as const));
  expect(links.length).toBeGreaterThan(30);
  const broken = links.filter(([page, link]) => isBroken(page, link));
  expect(broken.map(([page, link]) => `${page.file}: ${link}`)).toEqual([]);
});

test.each(['docs', 'docs/reference'])('the index of %s names every page in it', (folder) => {
  const index = pages.find(({ file }) => file === `${folder}/README.md`)!;
  const linked = linksOf(index).map((link) => path.join(folder, link));
  const others = filesBelow(folder).filter((file) => path.dirname(file) === folder && file !== index.file);
  expect(others.filter((file) => !linked.includes(file))).toEqual([]);
});

const lines = pages.flatMap((page) => codeLines(page).map((line) => ({ file: page.file, line })));

test('scripts that are named are in package.json', () => {
  const named = lines.flatMap(({ file, line }) =>
    [...line.matchAll(/\bnpm (?:-s )?(?:run (?:-s )?([\w:-]+)|(start|test))\b/g)].map((match) => ({
      file,
      script: (match[1] ?? match[2])!,
    })),
  );
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter(({ script }) => !(script in scripts))).toEqual([]);
});

test('commands and their options are those of the program', async () => {
  const used = new Map<string, Set<string>>();
  for (const { line } of lines) {
    const match = /^(?:\$ )?(?:bin\/)?millrace ([a-z][a-z-]*)(.*)$/.exec(line);
    if (match === null) continue;
    const [, command, rest] = match;
    const options = used.get(command!) ?? new Set();
    for (const [option] of rest!.matchAll(/--[a-z-]+/g)) options.add(option);
    used.set(command!, options);
  }
  expect(used.size).toBeGreaterThan(4);
  for (const [command, options] of used) {
    const { code, stdout } = await runProcess('bin/millrace', [command, '--help']);
    expect({ command, code }).toEqual({ command, code: 0 });
    for (const option of options) expect(stdout).toContain(option);
  }
}, 60_000);

test('files of the repository that examples name are there', () => {
  const named = lines.flatMap(({ file, line }) =>
    [...line.matchAll(/(?<![\w/.-])(?:config|scripts|docs|bench|test)\/[\w./-]*\w/g)].map(([name]) => ({
      file,
      name,
    })),
  );
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter(({ name }) => !existsSync(path.join(repositoryRoot, name)))).toEqual([]);
});

/** Texts in the code, templates cut where something is put in. */
function textsInCode(): Set<string> {
  const files = ['src', 'connectors'].flatMap(filesBelow).filter((file) => file.endsWith('.ts'));
  const code = files.map((file) => readFileSync(path.join(repositoryRoot, file), 'utf8')).join('\n');
  const texts = [...code.matchAll(/'([a-z][a-z_]*)'|`([^`\n]*)`/g)].flatMap(([, plain, template]) =>
    plain === undefined ? template!.split(/\$\{[^}]*\}/) : [plain],
  );
  return new Set(texts.filter((text) => /^[a-z_]+$/.test(text)));
}

test('metrics that are described are measured', () => {
  const page = pages.find(({ file }) => file === 'docs/operate.md')!;
  const metrics = codeSpans(page).filter((code) =>
    /^(kafka_connect|millrace|schema_cache)_[a-z_]+$/.test(code),
  );
  expect(metrics.length).toBeGreaterThan(15);
  const texts = textsInCode();
  const isMade = (name: string, parts = 3): boolean =>
    texts.has(name) ||
    (parts > 1 &&
      [...name].some((_, cut) => texts.has(name.slice(0, cut)) && isMade(name.slice(cut), parts - 1)));
  expect(metrics.filter((name) => !isMade(name))).toEqual([]);
});
