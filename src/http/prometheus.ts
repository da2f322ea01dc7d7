import type { FastifyInstance } from 'fastify';
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { Labels, Metrics } from '../kernel';
import { MetricFamilies } from './metric-families';
import { observeMemory } from './process-memory';

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

/** The metrics port; each has its own metrics, so several can live in one process. */
export function createPrometheus({
  processMetrics = true,
  defaultLabels,
}: PrometheusOptions = {}): Prometheus {
  const families = new MetricFamilies(defaultLabels);
  const ofProcess = processMetrics ? registryOfProcess(defaultLabels) : null;
  const prometheus: Prometheus = {
    contentType: Registry.PROMETHEUS_CONTENT_TYPE,
    render: async () => (await families.render()) + ((await ofProcess?.metrics()) ?? ''),
    counter: (name, help, labels = {}) => families.number('counter', name, help, labels),
    gauge: (name, help, labels = {}) => families.number('gauge', name, help, labels),
    histogram: (name, help, labels = {}) => families.histogram(name, help, labels, BUCKETS),
    remove: (name, labels = {}) => families.remove(name, labels),
    observedGauge: (name, help, labels, read) => families.observe(name, help, labels, read),
    observedGauges: (name, help, read) => families.observeAll(name, help, read),
  };
  if (processMetrics) observeMemory(prometheus);
  return prometheus;
}

function registryOfProcess(defaultLabels: Labels = {}): Registry {
  const register = new Registry();
  register.setDefaultLabels(defaultLabels);
  collectDefaultMetrics({ register });
  return register;
}

/** `GET /metrics`. */
export function serveMetrics(server: FastifyInstance, prometheus: Prometheus): void {
  server.get('/metrics', async (_request, reply) =>
    reply.header('content-type', prometheus.contentType).send(await prometheus.render()),
  );
}
