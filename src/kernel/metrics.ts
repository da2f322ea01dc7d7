/** The metrics port; the edge binds it to prom-client. Get an instrument once, then use it on the hot path. */
export type Labels = Readonly<Record<string, string>>;

export interface Counter {
  add(count: number): void;
}

export interface Gauge {
  set(value: number): void;
}

export interface Histogram {
  /** Seconds unless the name says otherwise. */
  observe(value: number): void;
}

export interface Metrics {
  counter(name: string, help: string, labels?: Labels): Counter;
  gauge(name: string, help: string, labels?: Labels): Gauge;
  /** A gauge read at scrape time. Returns a function that removes it. */
  observedGauge(name: string, help: string, labels: Labels, read: () => number): () => void;
  /** All series of a gauge, asked for at scrape time: for what comes and goes. Returns a function that removes them. */
  observedGauges(name: string, help: string, read: () => Iterable<readonly [Labels, number]>): () => void;
  histogram(name: string, help: string, labels?: Labels): Histogram;
  /** Takes one series out, e.g. when the task it tells of has ended; unknown ones are no error. */
  remove(name: string, labels?: Labels): void;
}

const NOTHING = { add() {}, set() {}, observe() {} };

/** Counts nothing; for tests and tools. */
export const NO_METRICS: Metrics = {
  counter: () => NOTHING,
  gauge: () => NOTHING,
  observedGauge: () => () => {},
  observedGauges: () => () => {},
  histogram: () => NOTHING,
  remove: () => {},
};
