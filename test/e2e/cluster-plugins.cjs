'use strict';
/**
 * Plug-ins that the workers of cluster tests load by plugin.path. They write down, each process into a file of its own,
 * when which task ran, so that overlaps can be measured; and they hang where they are told to.
 */
const fs = require('node:fs');
const path = require('node:path');
const { ConfigDef, SourceRecord, STRING_SCHEMA } = require('../../dist/src/plugin');

const key = (name, type, fallback) => ({
  name,
  type,
  default: fallback,
  importance: 'LOW',
  group: 'Test',
  doc: name,
});

const config = new ConfigDef([
  key('journal', 'STRING', ''),
  key('topic', 'STRING', ''),
  key('planned.tasks', 'INT', null),
  key('interval.ms', 'INT', 100),
  // The method that never comes back: validate, plan, open, poll, put, dispose.
  key('hang', 'STRING', ''),
  // Only while this file is there.
  key('hang.while', 'STRING', ''),
  key('revision', 'INT', 0),
]);

const BEAT_MS = 100;
const forever = () => new Promise(() => {});

const hangs = (settings, method) => {
  const file = settings.string('hang.while');
  return settings.string('hang') === method && (file === '' || fs.existsSync(file));
};

/** Journal of one run of a task; `tell` writes at once, `beat` now and then. */
function journalOf(kind, { connector, task }, settings) {
  const dir = settings.string('journal');
  const run = `${process.pid}/${Math.random().toString(36).slice(2)}`;
  let beatAt = 0;
  const tell = (event) => {
    if (dir === '') return;
    const at = Date.now();
    beatAt = at;
    const line = JSON.stringify({ event, kind, task: `${connector}-${task}`, run, pid: process.pid, at });
    fs.appendFileSync(path.join(dir, `${process.pid}.journal`), `${line}\n`);
  };
  return {
    tell,
    beat: () => Date.now() - beatAt >= BEAT_MS && tell('beat'),
    values: (values) =>
      values.length > 0 &&
      dir !== '' &&
      fs.appendFileSync(path.join(dir, `${connector}.values`), values.map((each) => `${each}\n`).join('')),
  };
}

const pause = (ms, signal) =>
  new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
  });

async function plan(_context, settings, most) {
  if (hangs(settings, 'plan')) await forever();
  const count = settings.optionalNumber('planned.tasks') ?? most;
  return Array.from({ length: count }, (_, task) => ({ ...settings.raw, task: String(task) }));
}

async function validate(settings) {
  if (hangs(settings, 'validate')) await forever();
  return [];
}

const base = { version: '1.2.3', requires: '^1.0', config, plan, validate };

/** Gives `<connector>-<task>:<n>`, n from 0 on. */
const source = {
  ...base,
  kind: 'source',
  name: 'journal-source',
  aliases: ['com.example.JournalSourceConnector'],
  summary: 'Counts',
  capabilities: { exactlyOnce: true },
  async open(context, settings) {
    if (hangs(settings, 'open')) await forever();
    const journal = journalOf('source', context, settings);
    const partition = { connector: context.connector, task: context.task };
    const stored = await context.offsets.offset(partition);
    let next = (stored?.n ?? -1) + 1;
    journal.tell('start');
    return {
      async poll(signal) {
        if (hangs(settings, 'poll')) await forever();
        await pause(settings.number('interval.ms'), signal);
        journal.beat();
        if (signal.aborted) return null;
        const n = next++;
        const value = `${context.connector}-${context.task}:${n}`;
        const topic = settings.string('topic');
        return [new SourceRecord(partition, { n }, topic, null, null, null, STRING_SCHEMA, value)];
      },
      async [Symbol.asyncDispose]() {
        if (hangs(settings, 'dispose')) await forever();
        journal.tell('stop');
      },
    };
  },
};

const sink = {
  ...base,
  kind: 'sink',
  name: 'journal-sink',
  aliases: ['com.example.JournalSinkConnector'],
  summary: 'Writes down what comes',
  async open(context, settings) {
    if (hangs(settings, 'open')) await forever();
    const journal = journalOf('sink', context, settings);
    journal.tell('start');
    return {
      async put(batch) {
        if (batch.length > 0 && hangs(settings, 'put')) {
          journal.tell('hang');
          await forever();
        }
        journal.beat();
        journal.values(batch.map(({ value }) => String(value)));
      },
      async [Symbol.asyncDispose]() {
        if (hangs(settings, 'dispose')) await forever();
        journal.tell('stop');
      },
    };
  },
};

module.exports = [source, sink];
