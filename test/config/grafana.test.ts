/** Dashboard, alert rules and documentation name what a running worker shows, labels included. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parse } from 'yaml';
import { startDistributed } from '../../src/cli/worker-process';
import { createLogger, createPrometheus } from '../../src/http';
import { SILENT } from '../../src/kernel';
import { startStandaloneRegistry } from '../../src/registry';
import { loadWorkerConfig } from '../../src/worker';
import { codeSpans, readPages } from '../docs/markdown';
import { sendRequest } from '../support/http';
import { openTestKafka, type TestKafka } from '../support/kafka';
import { namesOf, type Samples, samplesOf, untilSamples } from '../support/metrics';
import { repositoryRoot } from '../support/process';
import { stackAddresses } from '../support/stack';
import { type Selector, selectorsOf } from './promql';

jest.setTimeout(90_000);

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly h: number; readonly w: number; readonly x: number; readonly y: number };
  readonly targets?: readonly { readonly expr: string; readonly datasource: { readonly uid: string } }[];
}

interface Dashboard {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] };
  readonly annotations: { readonly list: readonly { readonly expr: string }[] };
}

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string };
}

const read = (file: string): string =>
  readFileSync(path.join(repositoryRoot, 'config/grafana', file), 'utf8');

const dashboard = JSON.parse(read('dashboard.json')) as Dashboard;
const { groups } = parse(read('alerts.yaml')) as { groups: { rules: Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);

const expressions = [
  ...dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
  ...dashboard.annotations.list.map(({ expr }) => expr),
  ...rules.map(({ expr }) => expr),
];
const queries = dashboard.templating.list.flatMap(({ definition }) =>
  definition === undefined ? [] : [/^label_values\((.*), \w+\)$/s.exec(definition)![1]!],
);
const selectors = [...expressions, ...queries].flatMap(selectorsOf);

/** Of the table in the README: `x_*` stands for all that begin with `x_`. */
const cases = [...read('README.md').matchAll(/^\| (`.*?`) \| \w/gm)]
  .flatMap(([, cell]) => [...cell!.matchAll(/`([^`]+)`/g)].map(([, name]) => name!))
  .filter((name) => /^[a-z_]+\*?$/.test(name));

const matches = (metric: string, name: string): boolean =>
  name.endsWith('*') ? metric.startsWith(name.slice(0, -1)) : metric === name;
const isCase = (metric: string): boolean => cases.some((name) => matches(metric, name));

describe('as files', () => {
  test('the dashboard has its rows, and panels that do not cover each other', () => {
    const titles = dashboard.panels.filter(({ type }) => type === 'row').map(({ title }) => title);
    expect(titles).toEqual(['Cluster', 'Connectors', 'Sources', 'Sinks', 'Errors', 'Process', 'Schemas']);
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    const taken = new Map<string, string>();
    for (const { title, gridPos } of dashboard.panels) {
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(x).toBeLessThan(24);
          expect(`${title} over ${taken.get(`${x} ${y}`) ?? 'nothing'}`).toBe(`${title} over nothing`);
          taken.set(`${x} ${y}`, title);
        }
      }
    }
  });

  test('the dashboard asks the data source that was chosen, with variables that are there', () => {
    const targets = dashboard.panels.flatMap((panel) => panel.targets ?? []);
    expect(targets.length).toBeGreaterThan(60);
    expect(new Set(targets.map(({ datasource }) => datasource.uid))).toEqual(new Set(['${datasource}']));
    const used = new Set([...expressions, ...queries].join(' ').match(/\$\w+/g));
    const known = [...dashboard.templating.list.map(({ name }) => `$${name}`), '$__rate_interval'];
    expect([...used].filter((name) => !known.includes(name))).toEqual([]);
  });

  test('each rule has a name of its own, a severity, and says what to do', () => {
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
    for (const { alert, labels, annotations } of rules) {
      expect(alert).toMatch(/^Millrace[A-Z]\w+$/);
      expect(['warning', 'critical']).toContain(labels.severity);
      expect(annotations.summary.length).toBeGreaterThan(10);
      expect(annotations.description.length).toBeGreaterThan(10);
    }
    for (const about of [
      'TaskFailed',
      'ConnectorUnhealthy',
      'LagGrowing',
      'DeadLetters',
      'RebalancingTooLong',
    ])
      expect(rules.map(({ alert }) => alert)).toContain(`Millrace${about}`);
    for (const about of ['WorkerDown', 'EventLoopDelayed', 'MemoryNearLimit'])
      expect(rules.map(({ alert }) => alert)).toContain(`Millrace${about}`);
  });

  test('the example for Prometheus scrapes the job that the rules speak of, and reads them', () => {
    const example = parse(read('prometheus.yaml')) as {
      rule_files: string[];
      scrape_configs: { job_name: string }[];
    };
    expect(example.rule_files).toEqual(['alerts.yaml']);
    const jobs = example.scrape_configs.map(({ job_name }) => job_name);
    const named = rules.flatMap(({ expr }) => [...expr.matchAll(/job="([^"]*)"/g)].map(([, job]) => job!));
    expect(named.length).toBeGreaterThan(3);
    expect(named.filter((job) => !jobs.includes(job))).toEqual([]);
  });

  test('every case that the README lists is one of a metric in use', () => {
    expect(cases.length).toBeGreaterThan(10);
    expect(cases.filter((name) => !selectors.some(({ metric }) => matches(metric, name)))).toEqual([]);
  });
});

describe('beside a worker with a source and a sink', () => {
  let broker: TestKafka;
  let samples: Samples;
  let names: ReadonlySet<string>;
  const stops: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    broker = await openTestKafka();
    const brokers = (await stackAddresses()).kafka;
    const prometheus = createPrometheus();
    const registry = await startStandaloneRegistry(
      {
        listeners: 'http://127.0.0.1:0',
        'kafkastore.bootstrap.servers': brokers,
        'kafkastore.topic': broker.topicName(),
        'kafkastore.topic.replication.factor': '1',
      },
      { logger: SILENT, prometheus },
    );
    stops.unshift(() => registry.close());
    await registry.ready;
    const worker = await startDistributed({
      worker: await loadWorkerConfig({
        mode: 'distributed',
        env: {},
        arguments: {
          'bootstrap.servers': brokers,
          'group.id': broker.groupName(),
          ...storage('config', broker.topicName()),
          ...storage('offset', broker.topicName()),
          ...storage('status', broker.topicName()),
          'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
          'value.converter': 'io.confluent.connect.avro.AvroConverter',
          'value.converter.schema.registry.url': registry.url,
          'offset.flush.interval.ms': '200',
          listeners: 'http://127.0.0.1:0',
        },
      }),
      logger: createLogger({ level: 'silent' }),
      prometheus,
      onFatal: (error) => {
        throw error;
      },
      signal: new AbortController().signal,
    });
    stops.unshift(() => worker.stop());
    await createConnectors(worker.url!, broker);
    await untilSamples(() => prometheus.render(), isDone, 60_000);
    samples = samplesOf((await sendRequest(`${worker.url}/metrics`)).text);
    names = namesOf(samples);
  });

  afterAll(async () => {
    for (const stop of stops) await stop();
    await broker?.[Symbol.asyncDispose]();
  });

  test('what the dashboard and the rules name is there, but for what the README tells the case of', () => {
    expect(selectors.length).toBeGreaterThan(100);
    const missing = new Set(selectors.map(({ metric }) => metric).filter((metric) => !names.has(metric)));
    expect([...missing].filter((metric) => !isCase(metric))).toEqual([]);
    expect([...missing].sort()).toEqual(NOT_HERE);
  });

  test('labels that are selected on are there', () => {
    const wrong = selectors.filter(({ metric }) => names.has(metric)).flatMap(withoutLabel);
    expect([...new Set(wrong)]).toEqual([]);
  });

  /** `job` and `instance` are Prometheus' own. */
  function withoutLabel({ metric, labels }: Selector): string[] {
    const present = [...samples.keys()].filter((key) => key.startsWith(`${metric}{`));
    return labels
      .filter((label) => !['job', 'instance'].includes(label))
      .filter((label) => !present.some((key) => new RegExp(`[{,]${label}="`).test(key)))
      .map((label) => `${metric}{${label}}`);
  }

  test('what docs/operate.md describes is there, but for what this worker has no use of', () => {
    const described = describedMetrics();
    expect(described.length).toBeGreaterThan(100);
    const missing = described.filter((ways) => !ways.some(isShown)).map((ways) => ways.at(-1)!);
    expect(missing.filter((metric) => !/^millrace_(postgres_sink|restart)/.test(metric))).toEqual([]);
  });

  const isShown = (metric: string): boolean => names.has(metric) || names.has(`${metric}_count`);

  test('what is shown is described', () => {
    const ways = new Set(describedMetrics().flat());
    const ours = [...names].filter((name) => /^(kafka_connect|millrace|schema_cache)_/.test(name));
    const isDescribed = (name: string): boolean =>
      ways.has(name) || ways.has(name.replace(/_(bucket|sum|count)$/, ''));
    expect(ours.filter((name) => !isDescribed(name))).toEqual([]);
  });
});

const storage = (what: string, topic: string): Record<string, string> => ({
  [`${what}.storage.topic`]: topic,
  [`${what}.storage.replication.factor`]: '1',
  ...(what === 'config' ? {} : { [`${what}.storage.partitions`]: '1' }),
});

/** Of the cases, those that this worker is not in. */
const NOT_HERE = [
  'millrace_postgres_sink_records_total',
  'millrace_postgres_sink_repeats_total',
  'millrace_restart_countdown_seconds',
  'millrace_restarts_total',
  'up',
];

const SINK = '{connector="out",task="0"}';

const isDone = (samples: Samples): boolean =>
  samples.get(`kafka_connect_sink_task_metrics_sink_record_send_total${SINK}`) === 3 &&
  samples.get(`kafka_connect_sink_task_metrics_offset_commit_completion_total${SINK}`)! > 0 &&
  samples.get('millrace_connector_health{connector="out",health="healthy"}') === 1;

async function createConnectors(url: string, broker: TestKafka): Promise<void> {
  const dir = mkdtempSync(path.join(tmpdir(), 'grafana-'));
  process.on('exit', () => rmSync(dir, { recursive: true, force: true }));
  writeFileSync(path.join(dir, 'in.txt'), 'one\ntwo\nthree\n');
  const topic = broker.topicName();
  const connectors = {
    in: { 'connector.class': 'FileStreamSource', file: path.join(dir, 'in.txt'), topic },
    out: {
      'connector.class': 'FileStreamSink',
      file: path.join(dir, 'out.txt'),
      topics: topic,
      'consumer.override.auto.offset.reset': 'earliest',
      'errors.tolerance': 'all',
      'errors.deadletterqueue.topic.name': broker.topicName(),
      'errors.deadletterqueue.topic.replication.factor': '1',
    },
  };
  for (const [name, config] of Object.entries(connectors)) {
    const reply = await sendRequest(`${url}/connectors/${name}/config`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name, 'tasks.max': '1', ...config }),
    });
    expect([reply.status, reply.text]).toEqual([201, expect.anything()]);
  }
}

/** Metrics of the page, each in all the ways it can be meant: `_x` is another ending of the name before it. */
function describedMetrics(): string[][] {
  const page = readPages().find(({ file }) => file === 'docs/operate.md')!;
  let before = '';
  return codeSpans(page).flatMap((code) => {
    if (/^(kafka_connect|millrace|schema_cache|process|nodejs)_[a-z0-9_]+$/.test(code)) {
      before = code;
      return [[code]];
    }
    if (!/^_[a-z_]+$/.test(code)) return [];
    return [[...before].map((_, cut) => before.slice(0, cut) + code).concat(before + code)];
  });
}
