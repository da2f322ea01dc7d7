/** Renders results as docs/benchmarks.md: medians with ranges, and ratios against the other workers of the same run. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { PIPELINES } from './pipelines.mjs';

const BEGIN = '<!-- begin: written by npm run bench -->';
const END = '<!-- end -->';

const sorted = (values) => [...values].sort((a, b) => a - b);
const median = (values) => {
  const all = sorted(values);
  const middle = all.length >> 1;
  return all.length % 2 === 1 ? all[middle] : (all[middle - 1] + all[middle]) / 2;
};

const whole = (value) => Math.round(value).toLocaleString('en-US');

function ranged(values, format) {
  const all = sorted(values);
  const range = all.length > 1 ? ` (${format(all[0])}–${format(all.at(-1))})` : '';
  return `${format(median(values))}${range}`;
}

function row(pipeline, worker, runs, rows) {
  const cells = [
    pipeline.name,
    worker,
    String(runs.length),
    ranged(
      runs.map((run) => rows / run.flowSeconds),
      whole,
    ),
    ranged(
      runs.map((run) => rows / run.wallSeconds),
      whole,
    ),
    ranged(
      runs.map((run) => (run.cpuSeconds * 1e6) / rows),
      (value) => value.toFixed(2),
    ),
    ranged(
      runs.map((run) => run.peakBytes / 2 ** 20),
      whole,
    ),
    ranged(
      runs.map((run) => run.firstSeconds),
      (value) => value.toFixed(2),
    ),
  ];
  return `| ${cells.join(' | ')} |`;
}

function ratios(results, options) {
  const [own, ...others] = options.workers.map((worker) => worker.name);
  const lines = [];
  for (const pipeline of PIPELINES) {
    const of = (worker) => results.filter((run) => run.pipeline === pipeline.id && run.worker === worker);
    const mine = of(own);
    for (const other of others) {
      const theirs = of(other);
      if (mine.length === 0 || theirs.length === 0) continue;
      const ratio = (value) => median(mine.map(value)) / median(theirs.map(value));
      const cells = [
        pipeline.name,
        other,
        `${(1 / ratio((run) => run.flowSeconds)).toFixed(2)} ×`,
        `${(1 / ratio((run) => run.wallSeconds)).toFixed(2)} ×`,
        `${ratio((run) => run.cpuSeconds).toFixed(2)} ×`,
        `${ratio((run) => run.peakBytes).toFixed(2)} ×`,
      ];
      lines.push(`| ${cells.join(' | ')} |`);
    }
  }
  if (lines.length === 0) return '';
  return [
    '',
    '### Against the others of the same run',
    '',
    '| path | against | records/s | records/s with start | CPU | memory |',
    '|---|---|---|---|---|---|',
    ...lines,
    '',
  ].join('\n');
}

/** Replaces the generated part of the page; text around it stays. */
export function writeReport(file, results, options, machine) {
  const table = [];
  for (const pipeline of PIPELINES) {
    for (const { name } of options.workers) {
      const runs = results.filter((run) => run.pipeline === pipeline.id && run.worker === name);
      if (runs.length > 0) table.push(row(pipeline, name, runs, options.rows));
    }
  }
  const generated = [
    BEGIN,
    '',
    `${whole(options.rows)} records per run, ${machine.cpus} cores shared by worker, broker, database and harness, Node ${machine.node}, ${machine.date}. Median (range).`,
    '',
    '| path | worker | runs | records/s, first to last | records/s from exec | CPU s per million | peak MiB | first record, s |',
    '|---|---|---|---|---|---|---|---|',
    ...table,
    ratios(results, options),
    END,
  ].join('\n');
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, merge(read(file), generated));
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function merge(page, generated) {
  const from = page.indexOf(BEGIN);
  const to = page.indexOf(END);
  if (from < 0 || to < from) return `# Benchmarks\n\n${generated}\n`;
  return page.slice(0, from) + generated + page.slice(to + END.length);
}
