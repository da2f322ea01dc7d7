import type { FastifyInstance } from 'fastify';
import {
  Counter,
  collectDefaultMetrics,
  Gauge,
  Histogram,
  type LabelValues,
  type Metric,
  Registry,
} from 'prom-client';
import type { Labels, Metrics } from '../kernel';

export interface Prometheus extends Metrics {
  readonly contentType: string;
  /** All metrics in Prometheus' text format. */
  render(): Promise<string>;
}

export interface PrometheusOptions {
  /** CPU, memory, event loop and garbage collector of this process too. On unless false. */
  readonly processMetrics?: boolean;
  /** On every metric. */
  readonly defaultLabels?: Labels;
}

/** Seconds: from a memory hit to a request that waited for a rebalance. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

type Observed = Map<string, { labels: Labels; read: () => number }>;

/** The metrics port on a prom-client registry of its own, so several can live in one process. */
export function createPrometheus(options: PrometheusOptions = {}): Prometheus {
  const registry = new Registry();
  if (options.defaultLabels) registry.setDefaultLabels(options.defaultLabels);
  if (options.processMetrics !== false) collectDefaultMetrics({ register: registry });
  const families = new Map<string, Metric>();
  const observed = new Map<string, Observed>();

  function family<T extends Metric>(name: string, labels: Labels, make: (labelNames: string[]) => T): T {
    let known = families.get(name);
    if (known === undefined) families.set(name, (known = make(Object.keys(labels))));
    return known as T;
  }
  const common = (name: string, help: string, labelNames: string[]) => ({
    name,
    help,
    labelNames,
    registers: [registry],
  });

  return {
    contentType: registry.contentType,
    render: () => registry.metrics(),
    counter(name, help, labels = {}) {
      const child = family(name, labels, (names) => new Counter(common(name, help, names))).labels(
        labels as LabelValues<string>,
      );
      return { add: (count) => child.inc(count) };
    },
    gauge(name, help, labels = {}) {
      const child = family(name, labels, (names) => new Gauge(common(name, help, names))).labels(
        labels as LabelValues<string>,
      );
      return { set: (value) => child.set(value) };
    },
    histogram(name, help, labels = {}) {
      const child = family(
        name,
        labels,
        (names) => new Histogram({ ...common(name, help, names), buckets: BUCKETS }),
      ).labels(labels as LabelValues<string>);
      return { observe: (value) => child.observe(value) };
    },
    remove(name, labels = {}) {
      observed.get(name)?.delete(JSON.stringify(labels));
      families.get(name)?.remove(labels as LabelValues<string>);
    },
    observedGauge(name, help, labels, read) {
      const readers = observed.get(name) ?? new Map();
      observed.set(name, readers);
      family(name, labels, (names) => observedFamily(common(name, help, names), readers));
      const key = JSON.stringify(labels);
      const entry = { labels, read };
      readers.set(key, entry);
      return () => {
        if (readers.get(key) === entry) readers.delete(key);
      };
    },
  };
}

type GaugeOptions = ConstructorParameters<typeof Gauge<string>>[0];

const observedFamily = (options: GaugeOptions, readers: Observed): Gauge =>
  new Gauge({
    ...options,
    collect() {
      this.reset();
      for (const { labels, read } of readers.values()) this.set(labels as LabelValues<string>, read());
    },
  });

/** `GET /metrics`. */
export function serveMetrics(server: FastifyInstance, prometheus: Prometheus): void {
  server.get('/metrics', async (_request, reply) =>
    reply.header('content-type', prometheus.contentType).send(await prometheus.render()),
  );
}
