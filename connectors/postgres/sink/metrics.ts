import type { Counter, Histogram, Metrics } from '../../../src/plugin';

export interface SinkMetrics {
  readonly written: Counter;
  readonly duplicates: Counter;
  readonly refused: Counter;
  readonly repeats: Counter;
  readonly seconds: Histogram;
}

export function sinkMetrics(metrics: Metrics, connector: string, task: number): SinkMetrics {
  const labels = { connector, task: String(task) };
  const counter = (name: string, help: string) =>
    metrics.counter(`millrace_postgres_sink_${name}`, help, labels);
  return {
    written: counter('records_total', 'Records whose effect is committed.'),
    duplicates: counter(
      'duplicates_total',
      'Inserts of rows that were there already, equal in every column.',
    ),
    refused: counter('refused_total', 'Records that cannot be written, reported one by one.'),
    repeats: counter('repeats_total', 'Transactions that were tried again after an error that may pass.'),
    seconds: metrics.histogram(
      'millrace_postgres_sink_transaction_seconds',
      'Time from sending a transaction to its commit.',
      labels,
    ),
  };
}
