/** The reference pages of `docs/reference`, rendered from the definitions that parsing and validation use. */
import { CATALOG, type ConfigDef, type ConfigKey, type ConfigValue } from '../kernel';
import type { Plugin } from '../plugin';
import { REGISTRY_CONFIG } from '../registry';
import { BUILT_IN_MODULES, createCatalog, SINK_DEF, SOURCE_DEF, WORKER_DEF } from '../worker';
import { CONNECTOR_MODULES } from './builtin-connectors';

/** Text of every page by file name below `docs/reference`. */
export async function renderReference(): Promise<Map<string, string>> {
  const plugins = await createCatalog([...CONNECTOR_MODULES, ...BUILT_IN_MODULES]).all();
  const connectors = plugins.filter(({ kind }) => kind === 'source' || kind === 'sink');
  const pages = new Map<string, string>();
  for (const connector of connectors) pages.set(`${connector.name}.md`, connectorPage(connector));
  pages.set('connector-keys.md', frameworkPage());
  pages.set(
    'converters.md',
    pluginsPage('Converters', CONVERTERS_INTRO, plugins, ['converter', 'header-converter']),
  );
  pages.set(
    'transforms.md',
    pluginsPage('Transforms and predicates', TRANSFORMS_INTRO, plugins, ['transform', 'predicate']),
  );
  pages.set('worker.md', page('Worker keys', WORKER_INTRO, keyTables(WORKER_DEF)));
  pages.set('registry.md', page('Schema Registry keys', REGISTRY_INTRO, keyTables(REGISTRY_CONFIG)));
  pages.set('errors.md', errorsPage());
  pages.set('README.md', indexPage(connectors));
  return pages;
}

const NOTE = '<!-- Written by npm run docs from the definitions in the code. -->';
const CONVERTERS_INTRO =
  'Set as `key.converter`, `value.converter` or `header.converter`; their keys follow with that prefix, as in ' +
  '`value.converter.schemas.enable`.';
const TRANSFORMS_INTRO =
  'A chain is `transforms=a,b`; `transforms.a.type` names the class, the keys below follow as `transforms.a.<key>`, and ' +
  '`transforms.a.predicate` with `transforms.a.negate` makes it conditional. Predicates are declared by `predicates=p` ' +
  'and `predicates.p.type`.';
const WORKER_INTRO =
  'Keys of the worker file of `millrace standalone`. Each is also read from the environment as `CONNECT_` and the key in ' +
  'upper case with `_` for the dots.';
const REGISTRY_INTRO = 'Keys of the file of `millrace registry`.';

const page = (title: string, intro: string, body: string): string =>
  `${NOTE}\n\n# ${title}\n\n${intro}\n\n${body}\n`;

function connectorPage(connector: Plugin): string {
  const answers = connector.aliases.map((alias) => `\`${alias}\``).join(', ');
  const parts = [
    connector.description ?? '',
    answers === '' ? '' : `Also answers to ${answers}.`,
    'Besides these keys every connector has those of [connector-keys.md](connector-keys.md).',
    keyTables(connector.config),
    ...(connector.examples ?? []).map(exampleText),
  ];
  return page(connector.name, connector.summary, parts.filter((part) => part !== '').join('\n\n'));
}

function exampleText({ title, config }: NonNullable<Plugin['examples']>[number]): string {
  const lines = Object.entries(config).map(([key, value]) => `${key}=${value}`);
  return `## Example: ${title}\n\n\`\`\`properties\n${lines.join('\n')}\n\`\`\``;
}

function frameworkPage(): string {
  const body = `## Sources\n\n${keyTables(SOURCE_DEF, 3)}\n\n## Sinks\n\n${keyTables(SINK_DEF, 3)}`;
  return page('Keys of every connector', 'What each connector understands besides its own keys.', body);
}

function pluginsPage(
  title: string,
  intro: string,
  plugins: readonly Plugin[],
  kinds: readonly Plugin['kind'][],
): string {
  const sections = kinds
    .flatMap((kind) => plugins.filter((plugin) => plugin.kind === kind))
    .map(pluginSection);
  return page(title, intro, sections.join('\n\n'));
}

function pluginSection(plugin: Plugin): string {
  const kind =
    plugin.kind === 'converter' || plugin.kind === 'transform' ? '' : ` (${plugin.kind.replace('-', ' ')})`;
  const answers = plugin.aliases.map((alias) => `\`${alias}\``).join(', ');
  const head = `## ${plugin.name}${kind}\n\n${plugin.summary}${answers === '' ? '' : ` Answers to ${answers}.`}`;
  return plugin.config.keys.size === 0 ? head : `${head}\n\n${keyTables(plugin.config, 3)}`;
}

/** One table per group, in the order of definition. */
function keyTables(def: ConfigDef, level = 2): string {
  const groups = new Map<string, ConfigKey[]>();
  for (const key of def.keys.values()) {
    const group = key.group ?? '';
    groups.set(group, [...(groups.get(group) ?? []), key]);
  }
  const tables = [...groups].map(([group, keys]) => {
    const title = group === '' || groups.size === 1 ? '' : `${'#'.repeat(level)} ${group}\n\n`;
    return `${title}| key | type | default | meaning |\n|---|---|---|---|\n${keys.map(keyRow).join('\n')}`;
  });
  if (def.prefixes.length > 0) {
    const rows = def.prefixes.map(({ prefix, doc }) => `| \`${prefix}*\` | ${cell(doc)} |`);
    tables.push(`| keys that begin with | meaning |\n|---|---|\n${rows.join('\n')}`);
  }
  return tables.join('\n\n');
}

function keyRow(key: ConfigKey): string {
  const example = key.example === undefined ? '' : ` Example: \`${key.example}\`.`;
  const offered =
    key.recommended === undefined ? '' : ` One of ${key.recommended.map((v) => `\`${v}\``).join(', ')}.`;
  return `| \`${key.name}\` | ${key.type.toLowerCase()} | ${defaultText(key.default)} | ${cell(key.doc)}${offered}${cell(example)} |`;
}

function defaultText(value: ConfigValue | undefined): string {
  if (value === undefined) return '**required**';
  if (value === null || value === '' || (Array.isArray(value) && value.length === 0)) return '';
  return `\`${Array.isArray(value) ? value.join(',') : String(value)}\``;
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

function errorsPage(): string {
  const rows = Object.entries(CATALOG).map(
    ([code, { http, retriable, summary }]) =>
      `| <a id="${code.toLowerCase()}"></a>\`${code}\` | ${http} | ${retriable ? 'yes' : 'no'} | ${summary} |`,
  );
  const intro =
    'Every error carries one of these codes, a sentence that says what and where, and a hint how to mend it. Retriable ' +
    'means that the same operation may succeed later without anybody acting: the worker repeats it.';
  return page(
    'Errors',
    intro,
    `| code | HTTP status | retriable | meaning |\n|---|---|---|---|\n${rows.join('\n')}`,
  );
}

function indexPage(connectors: readonly Plugin[]): string {
  const rows = connectors.map(
    ({ name, kind, summary }) => `| [${name}](${name}.md) | ${kind} | ${cell(summary)} |`,
  );
  const more = [
    '- [Keys of every connector](connector-keys.md)',
    '- [Converters](converters.md)',
    '- [Transforms and predicates](transforms.md)',
    '- [Worker keys](worker.md)',
    '- [Schema Registry keys](registry.md)',
    '- [Errors](errors.md)',
  ];
  return page(
    'Reference',
    more.join('\n'),
    `| connector | kind | what it does |\n|---|---|---|\n${rows.join('\n')}`,
  );
}
