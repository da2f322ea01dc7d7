import type { Counter, Gauge, Histogram, Labels, Metrics } from '../kernel';

/**
 * The metrics of one task, those of its plug-in included: they are removed together when the worker lets the task go.
 * What a task that was left behind counts later does not bring them back.
 */
export class MetricsScope implements Metrics {
  #open = true;
  readonly #removals = new Map<string, () => void>();
  readonly #host: Metrics;

  constructor(host: Metrics) {
    this.#host = host;
  }

  counter(name: string, help: string, labels: Labels = {}): Counter {
    const counter = this.#host.counter(name, help, labels);
    // Shown from the start: the first step up would not be seen as one.
    counter.add(0);
    this.#keep(name, labels);
    return { add: (count) => this.#open && counter.add(count) };
  }

  gauge(name: string, help: string, labels: Labels = {}): Gauge {
    const gauge = this.#host.gauge(name, help, labels);
    this.#keep(name, labels);
    return { set: (value) => this.#open && gauge.set(value) };
  }

  histogram(name: string, help: string, labels: Labels = {}): Histogram {
    const histogram = this.#host.histogram(name, help, labels);
    this.#keep(name, labels);
    return { observe: (value) => this.#open && histogram.observe(value) };
  }

  observedGauge(name: string, help: string, labels: Labels, read: () => number): () => void {
    const remove = this.#host.observedGauge(name, help, labels, read);
    this.#removals.set(name + JSON.stringify(labels), remove);
    return remove;
  }

  observedGauges(name: string, help: string, read: () => Iterable<readonly [Labels, number]>): () => void {
    const remove = this.#host.observedGauges(name, help, read);
    this.#removals.set(name, remove);
    return remove;
  }

  remove(name: string, labels: Labels = {}): void {
    this.#removals.delete(name + JSON.stringify(labels));
    this.#host.remove(name, labels);
  }

  #keep(name: string, labels: Labels): void {
    this.#removals.set(name + JSON.stringify(labels), () => this.#host.remove(name, labels));
  }

  close(): void {
    this.#open = false;
    for (const remove of this.#removals.values()) remove();
    this.#removals.clear();
  }
}
