/** The reference pages of `docs/reference`, rendered from the definitions that parsing and validation use. */
import { CATALOG, ConfigDef, type ConfigKey, type ConfigValue } from '../kernel';
import type { Plugin } from '../plugin';
import { REGISTRY_CONFIG } from '../registry';
import { BUILT_IN_MODULES, createCatalog, ownDef, SINK_DEF, SOURCE_DEF, WORKER_DEF } from '../worker';
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
  pages.set('worker.md', page('Worker keys', WORKER_INTRO, keyTables(workerDef())));
  pages.set('registry.md', page('Schema Registry keys', REGISTRY_INTRO, keyTables(REGISTRY_CONFIG)));
  pages.set('errors.md', errorsPage());
  pages.set('README.md', indexPage(connectors));
  return pages;
}

const NOTE = '<!-- Written by npm run docs from the definitions in the code. -->';
const FRAMEWORK_INTRO = `What each connector understands besides its own keys. Families of keys:

- \`key.converter.*\`, \`value.converter.*\`, \`header.converter.*\`: settings of the [converter](converters.md) named beside them.
- \`transforms.<alias>.*\`, \`predicates.<alias>.*\`: the [chain](transforms.md).
- \`producer.override.*\` of a source, \`consumer.override.*\` of a sink: keys of [clients](worker.md) for this connector alone.
- \`topic.creation.default.*\` and \`topic.creation.<group>.*\` of a source: how topics are made that do not exist: \`partitions\` and
  \`replication.factor\` (both required of \`default\`, -1 is the broker's default), settings such as \`cleanup.policy\`; of a group also
  \`include\` and \`exclude\`, regular expressions. Without any of them the broker makes topics, if it may.`;
const OWN_INTRO =
  'A JVM worker leaves these alone, so a configuration can be handed back. Scheduled loads are for sources. See [jobs](../jobs.md).';
const CONVERTERS_INTRO =
  'Set as `key.converter`, `value.converter` or `header.converter`; their keys follow with that prefix, as in ' +
  '`value.converter.schemas.enable`.';
const TRANSFORMS_INTRO =
  'A chain is `transforms=a,b`; `transforms.a.type` names the class, the keys below follow as `transforms.a.<key>`, and ' +
  '`transforms.a.predicate` with `transforms.a.negate` makes it conditional. Predicates are declared by `predicates=p` ' +
  'and `predicates.p.type`.';
const WORKER_INTRO =
  'Keys of the worker file of `millrace standalone`. Each is also read from the environment as `CONNECT_` and the key in ' +
  'upper case with `_` for the dots. Those of Connection hold for all clients of the worker; below `producer.`, `consumer.` ' +
  'and `admin.` each may be given again for one kind of client, and below `producer.override.` and so on for one connector.';
const REGISTRY_INTRO = 'Keys of the file of `millrace registry`.';

const page = (title: string, intro: string, body: string): string =>
  `${NOTE}\n\n# ${title}\n\n${intro}\n\n${body}\n`;

/** Without the keys of connections that each kind of client has again below its prefix. */
function workerDef(): ConfigDef {
  const { keys, prefixes } = WORKER_DEF;
  const own = [...keys.values()].filter(({ name, doc }) => {
    const [, shared] = /^(?:producer|consumer|admin)\.(.+)$/.exec(name) ?? [];
    return shared === undefined || keys.get(shared)?.doc !== doc;
  });
  return new ConfigDef(own, prefixes);
}

function connectorPage(connector: Plugin): string {
  const answers = connector.aliases.map((alias) => `\`${alias}\``).join(', ');
  const parts = [
    connector.description ?? '',
    answers === '' ? '' : `Also answers to ${answers}.`,
    'Besides these keys every connector has those of [connector-keys.md](connector-keys.md).',
    keyTables(connector.config),
    ...(connector.examples ?? []).map((example) => exampleText(example)),
  ];
  return page(connector.name, connector.summary, parts.filter((part) => part !== '').join('\n\n'));
}

function exampleText({ title, config }: NonNullable<Plugin['examples']>[number], level = 2): string {
  const lines = Object.entries(config).map(([key, value]) => `${key}=${value}`);
  return `${'#'.repeat(level)} Example: ${title}\n\n\`\`\`properties\n${lines.join('\n')}\n\`\`\``;
}

function frameworkPage(): string {
  const sections = [
    `## Sources\n\n${keyTables(SOURCE_DEF, 3)}`,
    `## Sinks\n\n${keyTables(SINK_DEF, 3)}`,
    `## Our own\n\n${OWN_INTRO}\n\n${keyTables(ownDef('source'), 3)}`,
  ];
  const body = sections.join('\n\n');
  return page('Keys of every connector', FRAMEWORK_INTRO, body);
}

function pluginsPage(
  title: string,
  intro: string,
  plugins: readonly Plugin[],
  kinds: readonly Plugin['kind'][],
): string {
  const own = kinds.flatMap((kind) => plugins.filter((plugin) => plugin.kind === kind));
  const sections = own.flatMap((plugin) => {
    // The same under another kind, such as a converter that also converts headers, needs no section of its own.
    const alike = own.filter(({ name }) => name === plugin.name);
    return alike[0] === plugin ? [pluginSection(plugin, alike)] : [];
  });
  return page(title, intro, sections.join('\n\n'));
}

function pluginSection(plugin: Plugin, alike: readonly Plugin[]): string {
  const answers = plugin.aliases.map((alias) => `\`${alias}\``).join(', ');
  const also = alike.length > 1 ? ` Also a ${KIND_NAMES[alike[1]!.kind]}.` : '';
  const parts = [
    `## ${plugin.name}${plugin.kind === 'converter' || plugin.kind === 'transform' ? '' : ` (${KIND_NAMES[plugin.kind]})`}`,
    `${plugin.summary}${also}${answers === '' ? '' : ` Answers to ${answers}.`}`,
    plugin.description ?? '',
    ownKeys(plugin).keys.size === 0 ? '' : keyTables(ownKeys(plugin), 3),
    ...(plugin.examples ?? []).map((example) => exampleText(example, 3)),
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

const KIND_NAMES: Readonly<Record<Plugin['kind'], string>> = {
  source: 'source',
  sink: 'sink',
  converter: 'converter',
  'header-converter': 'header converter',
  transform: 'transform',
  predicate: 'predicate',
  'config-provider': 'config provider',
};

/** What the worker sets itself is no choice of the reader. */
const ownKeys = ({ config }: Plugin): ConfigDef =>
  new ConfigDef(
    [...config.keys.values()].filter(({ name }) => name !== 'converter.type'),
    config.prefixes,
  );

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
