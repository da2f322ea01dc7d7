#!/usr/bin/env node
/**
 * Records what a JVM worker answers: `CONNECT_URL=http://host:port node test/golden/connect/record.mjs [name …]`.
 * Needs Kafka Connect 4.1.1, distributed, JsonConverter for keys and values, its file connectors on the class path,
 * `config.providers=file,env`, group `connect-oracle`; for `validation` two more (validate-requests.mjs). Facts only:
 * descriptions of keys are left out.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exchange } from './http.mjs';
import { REST } from './rest-requests.mjs';
import { VALIDATE } from './validate-requests.mjs';

const base = process.env.CONNECT_URL;
if (!base) throw new Error('CONNECT_URL: address of a Kafka Connect 4.1.1 worker');
const folder = dirname(fileURLToPath(import.meta.url));
const wanted = process.argv.slice(2);
const isWanted = (name) => wanted.length === 0 || wanted.includes(name);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function until(path, test) {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const answer = await exchange(base, { path });
    if (test(answer)) return;
    if (Date.now() > deadline) throw new Error(`${path}: still ${JSON.stringify(answer)}`);
    await pause(150);
  }
}

/** A rebalance that is under way is no answer, unless it never ends (a task of a stopped connector cannot be restarted). */
async function ask(request) {
  for (let tries = 0; ; tries++) {
    const answer = await exchange(base, request);
    if (tries === 15 || !/rebalance|stale configuration/.test(answer.json?.message ?? '')) return answer;
    await pause(200);
  }
}

async function clean() {
  const { json: names } = await exchange(base, { path: '/connectors' });
  for (const name of names) {
    const path = `/connectors/${encodeURIComponent(name)}`;
    await ask({ method: 'PUT', path: `${path}/stop` });
    await ask({ method: 'DELETE', path: `${path}/offsets` });
    await ask({ method: 'DELETE', path });
  }
  await pause(1500);
}

async function recordRest(name, steps) {
  await clean();
  const exchanges = [];
  for (const step of steps) {
    if (step.until) await until(...step.until);
    else if (step.quiet) {
      await ask(step.quiet);
      await pause(step.quiet.pauseMs ?? 0);
    } else exchanges.push({ request: step, answer: await ask(step) });
  }
  await save(`rest/${name}.json`, exchanges);
}

async function save(file, rows) {
  const path = join(folder, file);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `[\n${rows.map((row) => JSON.stringify(row)).join(',\n')}\n]\n`);
  process.stdout.write(`${file}: ${rows.length}\n`);
}

const URLS = { default: base, strict: process.env.CONNECT_URL_STRICT, principal: process.env.CONNECT_URL_PRINCIPAL };
const EMPTY = { recommended_values: [], errors: [], visible: true };

/** One row per configuration: `configs` has `[index in definitions.json, value without what is empty]`. */
async function recordValidation() {
  const definitions = new Map();
  const indexOf = (definition) => {
    if (definition === null) return null;
    const text = JSON.stringify(definition);
    if (!definitions.has(text)) definitions.set(text, definitions.size);
    return definitions.get(text);
  };
  for (const [worker, cases] of Object.entries(VALIDATE)) {
    const rows = [];
    for (const [name, config] of Object.entries(cases)) {
      const plugin = config['connector.class'];
      const path = `/connector-plugins/${plugin}/config/validate`;
      const { status, json } = await exchange(URLS[worker], { method: 'PUT', path, json: config });
      const configs = json.configs?.map(({ definition, value }) => [indexOf(definition), shortened(definition, value)]);
      rows.push({ case: name, config, status, answer: configs === undefined ? json : { ...json, configs } });
    }
    await save(`validation/${worker}.json`, rows);
  }
  await save(
    'validation/definitions.json',
    [...definitions.keys()].map((text) => JSON.parse(text)),
  );
}

/** Class names that are recommended are those of the worker's own plug-ins. */
function shortened(definition, value) {
  if (value === null) return null;
  const isClasses = value.recommended_values.some((each) => each?.startsWith?.('org.apache.kafka.'));
  const short = isClasses ? { ...value, recommended_values: '{classes}' } : value;
  const implied = { ...EMPTY, name: definition?.name };
  return Object.fromEntries(
    Object.entries(short).filter(([key, each]) => JSON.stringify(each) !== JSON.stringify(implied[key])),
  );
}

for (const [name, steps] of Object.entries(REST)) if (isWanted(name)) await recordRest(name, steps);
await clean();
if (isWanted('validation')) {
  if (Object.values(URLS).includes(undefined)) throw new Error('CONNECT_URL_STRICT, CONNECT_URL_PRINCIPAL: see validate-requests.mjs');
  await recordValidation();
}
