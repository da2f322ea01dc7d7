/**
 * The deterministic workload: the same bytes on every machine and in every run.
 * Lines of 200 bytes; sensor readings of six columns, also as JsonConverter and Avro records.
 */

import { once } from 'node:events';
import { createWriteStream, existsSync, renameSync, statSync } from 'node:fs';

const EPOCH_MS = 1_767_225_600_000;
const UNITS = ['degC', 'bar', 'rpm', 'mm/s', null];
const PAD = 'abcdefghijklmnopqrstuvwxyz0123456789'.repeat(6);

/** Wang's 32-bit integer hash. */
function mix(seed) {
  let i = (seed ^ 61 ^ (seed >>> 16)) >>> 0;
  i = (i + (i << 3)) >>> 0;
  i = (i ^ (i >>> 4)) >>> 0;
  i = Math.imul(i, 0x27d4eb2d) >>> 0;
  return (i ^ (i >>> 15)) >>> 0;
}

export function line(i) {
  const m = mix(i);
  const head = `${String(i).padStart(9, '0')} ${String(m).padStart(10, '0')} `;
  const from = m % 36;
  return `${head}${PAD.slice(from, from + 199 - head.length).padEnd(199 - head.length, '.')}\n`;
}

/** One reading: id, sensor_id, ts (ms), value, quality, unit or null. */
export function reading(id) {
  const m = mix(id);
  return {
    id,
    sensor_id: `sensor-${String(m % 500).padStart(3, '0')}`,
    ts: EPOCH_MS + id * 10,
    value: (m % 10_000_000) / 1000,
    quality: m % 17 ? 192 : 0,
    unit: UNITS[m % 5],
  };
}

const field = (name, type, optional = false, more = {}) => ({ type, optional, ...more, field: name });
const KEY_SCHEMA = JSON.stringify({
  type: 'struct',
  fields: [field('id', 'int64')],
  optional: false,
  name: 'sensor.Key',
});
const VALUE_SCHEMA = JSON.stringify({
  type: 'struct',
  fields: [
    field('id', 'int64'),
    field('sensor_id', 'string'),
    field('ts', 'int64', false, { name: 'org.apache.kafka.connect.data.Timestamp', version: 1 }),
    field('value', 'double'),
    field('quality', 'int32'),
    field('unit', 'string', true),
  ],
  optional: false,
  name: 'sensor.Reading',
});

/** Key and value as JsonConverter with schemas writes them. */
export function jsonRecord(id) {
  return {
    key: Buffer.from(`{"schema":${KEY_SCHEMA},"payload":{"id":${id}}}`),
    value: Buffer.from(`{"schema":${VALUE_SCHEMA},"payload":${JSON.stringify(reading(id))}}`),
  };
}

export const AVRO_KEY = JSON.stringify({
  type: 'record',
  name: 'Key',
  namespace: 'sensor',
  fields: [{ name: 'id', type: 'long' }],
});

export const AVRO_VALUE = JSON.stringify({
  type: 'record',
  name: 'Reading',
  namespace: 'sensor',
  fields: [
    { name: 'id', type: 'long' },
    { name: 'sensor_id', type: 'string' },
    { name: 'ts', type: { type: 'long', logicalType: 'timestamp-millis' } },
    { name: 'value', type: 'double' },
    { name: 'quality', type: 'int' },
    { name: 'unit', type: ['null', 'string'], default: null },
  ],
});

/** The file of lines; made once. */
export async function lineFile(path, count) {
  if (existsSync(path) && statSync(path).size === count * 200) return path;
  await writeAll(path, count, line);
  return path;
}

/** Readings as CSV with header. */
export async function csvFile(path, from, to) {
  if (existsSync(path)) return path;
  const row = (i) => {
    const r = reading(from + i);
    return `${r.id},${r.sensor_id},${new Date(r.ts).toISOString()},${r.value},${r.quality},${r.unit ?? ''}\n`;
  };
  await writeAll(path, to - from, row, 'id,sensor_id,ts,value,quality,unit\n');
  return path;
}

async function writeAll(path, count, textOf, head = '') {
  const out = createWriteStream(`${path}.part`);
  let text = head;
  for (let i = 0; i < count; i++) {
    text += textOf(i);
    if (text.length > 1 << 20) {
      if (!out.write(text)) await once(out, 'drain');
      text = '';
    }
  }
  out.end(text);
  await once(out, 'finish');
  renameSync(`${path}.part`, path);
}

/** Rows for COPY … FROM STDIN, text format, in chunks. */
export function* copyText(count) {
  let text = '';
  for (let id = 1; id <= count; id++) {
    const r = reading(id);
    text += `${r.id}\t${r.sensor_id}\t${new Date(r.ts).toISOString()}\t${r.value}\t${r.quality}\t${r.unit ?? '\\N'}\n`;
    if (text.length > 1 << 18) {
      yield text;
      text = '';
    }
  }
  yield text;
}
