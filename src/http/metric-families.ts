/**
 * Instruments, and what they show as Prometheus' text. Not those of prom-client: a worker with 1,000 tasks has 70,000
 * series, which it writes in 300 to 400 ms without a pause; these take a quarter of that, and let others run meanwhile.
 */
import type { Counter, Gauge, Histogram, Labels } from '../kernel';

export type MetricType = 'counter' | 'gauge' | 'histogram';

/** The event loop is free again after so long. */
const SLICE_MS = 10;
/** Series between two looks at the clock. */
const PAGE = 250;

interface Series {
  lines(): string;
}

class NumberSeries implements Series, Counter, Gauge {
  #value = 0;
  readonly #head: string;

  constructor(name: string, labels: string) {
    this.#head = headOf(name, labels);
  }

  add(count: number): void {
    this.#value += count;
  }

  set(value: number): void {
    this.#value = value;
  }

  lines(): string {
    return this.#head + textOf(this.#value);
  }
}

class HistogramSeries implements Series, Histogram {
  readonly #bounds: readonly number[];
  /** Values at most as large as the bound of the same place and larger than the one before. */
  readonly #counts: Float64Array;
  readonly #name: string;
  readonly #labels: string;
  #sum = 0;
  #count = 0;

  constructor(name: string, labels: string, bounds: readonly number[]) {
    this.#name = name;
    this.#labels = labels;
    this.#bounds = bounds;
    this.#counts = new Float64Array(bounds.length);
  }

  observe(value: number): void {
    const place = this.#bounds.findIndex((bound) => value <= bound);
    if (place >= 0) this.#counts[place]!++;
    this.#sum += value;
    this.#count++;
  }

  lines(): string {
    const name = this.#name;
    const more = this.#labels === '' ? '' : `,${this.#labels}`;
    let text = '';
    let below = 0;
    this.#bounds.forEach((bound, i) => {
      below += this.#counts[i]!;
      text += `${name}_bucket{le="${bound}"${more}} ${below}\n`;
    });
    text += `${name}_bucket{le="+Inf"${more}} ${this.#count}\n`;
    text += headOf(`${name}_sum`, this.#labels) + textOf(this.#sum);
    return text + headOf(`${name}_count`, this.#labels) + textOf(this.#count);
  }
}

class ObservedSeries implements Series {
  readonly #head: string;
  readonly #read: () => number;

  constructor(name: string, labels: string, read: () => number) {
    this.#head = headOf(name, labels);
    this.#read = read;
  }

  /** A reader that throws, a plug-in's for one, must not take all the others with it. */
  lines(): string {
    try {
      return this.#head + textOf(this.#read());
    } catch {
      return `${this.#head}NaN\n`;
    }
  }
}

type ReadAll = () => Iterable<readonly [Labels, number]>;

interface Family {
  readonly type: MetricType;
  readonly head: string;
  /** By labels as written. */
  readonly series: Map<string, Series>;
  readonly readers: Set<ReadAll>;
}

export class MetricFamilies {
  readonly #families = new Map<string, Family>();
  readonly #common: string;

  /** @param common labels of every series */
  constructor(common: Labels = {}) {
    this.#common = labelsText(common);
  }

  number(type: 'counter' | 'gauge', name: string, help: string, labels: Labels): Counter & Gauge {
    return this.#series(type, name, help, labels, (text) => new NumberSeries(name, text));
  }

  histogram(name: string, help: string, labels: Labels, bounds: readonly number[]): Histogram {
    return this.#series('histogram', name, help, labels, (text) => new HistogramSeries(name, text, bounds));
  }

  #series<T extends Series>(
    type: MetricType,
    name: string,
    help: string,
    labels: Labels,
    make: (labels: string) => T,
  ): T {
    const { series } = this.#family(type, name, help);
    const key = this.#key(labels);
    let known = series.get(key) as T | undefined;
    if (known === undefined) series.set(key, (known = make(key)));
    return known;
  }

  /** Takes the place of what had the same name and labels. */
  observe(name: string, help: string, labels: Labels, read: () => number): () => void {
    const { series } = this.#family('gauge', name, help);
    const key = this.#key(labels);
    const entry = new ObservedSeries(name, key, read);
    series.set(key, entry);
    return () => {
      if (series.get(key) === entry) series.delete(key);
    };
  }

  observeAll(name: string, help: string, read: ReadAll): () => void {
    const { readers } = this.#family('gauge', name, help);
    readers.add(read);
    return () => void readers.delete(read);
  }

  remove(name: string, labels: Labels): void {
    this.#families.get(name)?.series.delete(this.#key(labels));
  }

  #key(labels: Labels): string {
    const own = labelsText(labels);
    return own === '' || this.#common === '' ? own + this.#common : `${own},${this.#common}`;
  }

  #family(type: MetricType, name: string, help: string): Family {
    let family = this.#families.get(name);
    if (family === undefined) {
      if (!/^[a-zA-Z_:][\w:]*$/.test(name)) throw new TypeError(`${name} is no name of a metric`);
      const head = `# HELP ${name} ${helpText(help)}\n# TYPE ${name} ${type}\n`;
      this.#families.set(name, (family = { type, head, series: new Map(), readers: new Set() }));
    }
    if (family.type !== type) throw new TypeError(`The metric ${name} is a ${family.type}, not a ${type}`);
    return family;
  }

  /** Families without series are left out. */
  async render(): Promise<string> {
    const pages: string[] = [];
    let page: string[] = [];
    let until = performance.now() + SLICE_MS;
    for (const lines of this.#lines()) {
      page.push(lines);
      if (page.length < PAGE) continue;
      // Joined while young: ropes that live until the end cost more in collection than in writing.
      pages.push(page.join(''));
      page = [];
      if (performance.now() < until) continue;
      await new Promise(setImmediate);
      until = performance.now() + SLICE_MS;
    }
    return pages.join('') + page.join('');
  }

  *#lines(): Iterable<string> {
    for (const [name, family] of this.#families) {
      let { head } = family;
      for (const lines of this.#linesOf(name, family)) {
        if (head !== '') yield head;
        head = '';
        yield lines;
      }
    }
  }

  *#linesOf(name: string, { series, readers }: Family): Iterable<string> {
    for (const each of series.values()) yield each.lines();
    for (const read of readers) {
      for (const [labels, value] of guarded(read)) yield headOf(name, this.#key(labels)) + textOf(value);
    }
  }
}

function* guarded(read: ReadAll): Iterable<readonly [Labels, number]> {
  try {
    yield* read();
  } catch {
    // As with a single reader, except that there is no series to show NaN.
  }
}

const headOf = (name: string, labels: string): string => (labels === '' ? `${name} ` : `${name}{${labels}} `);

const textOf = (value: number): string => {
  if (Number.isFinite(value)) return `${value}\n`;
  return Number.isNaN(value) ? 'NaN\n' : value > 0 ? '+Inf\n' : '-Inf\n';
};

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n' };

const labelsText = (labels: Labels): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}="${value.replace(/[\\"\n]/g, (each) => ESCAPES[each]!)}"`)
    .join(',');

const helpText = (help: string): string => help.replace(/[\\\n]/g, (each) => ESCAPES[each]!);
