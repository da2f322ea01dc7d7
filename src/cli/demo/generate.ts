/**
 * The data of the demo, the same on every machine: readings of sensors as CSV files. A pure function of the seed, so that
 * what arrives can be compared with what was written, and a second run writes the same files.
 */
import { createWriteStream, existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import path from 'node:path';
import { finished } from 'node:stream/promises';

const MACHINES = 20;
const READINGS_PER_SENSOR = 1000;
const FILES = 10;
const STEP_MS = 1000;
/** 2026-01-01T06:00:00Z */
const BEGIN_MS = 1_767_247_200_000;

interface SensorKind {
  readonly name: string;
  readonly unit: string;
  readonly mean: number;
  readonly swing: number;
}

const SENSORS: readonly SensorKind[] = [
  { name: 'spindle-temperature', unit: '°C', mean: 58, swing: 14 },
  { name: 'coolant-temperature', unit: '°C', mean: 24, swing: 4 },
  { name: 'coolant-flow', unit: 'l/min', mean: 12.5, swing: 1.5 },
  { name: 'vibration-x', unit: 'mm/s', mean: 1.8, swing: 1.1 },
  { name: 'vibration-y', unit: 'mm/s', mean: 1.6, swing: 0.9 },
  { name: 'spindle-speed', unit: '1/min', mean: 8200, swing: 2600 },
  { name: 'feed-rate', unit: 'mm/min', mean: 1450, swing: 420 },
  { name: 'power', unit: 'kW', mean: 7.4, swing: 3.2 },
  { name: 'air-pressure', unit: 'bar', mean: 6.1, swing: 0.3 },
  { name: 'oil-level', unit: '%', mean: 71, swing: 8 },
];

export const READINGS = MACHINES * SENSORS.length * READINGS_PER_SENSOR;

const HEADER = 'machine,sensor,measured_at,value,unit,quality\n';

/** Writes the files that are missing. */
export async function generateReadings(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  const perFile = READINGS_PER_SENSOR / FILES;
  for (let file = 0; file < FILES; file++) {
    const target = path.join(directory, `readings-${String(file + 1).padStart(2, '0')}.csv`);
    if (!existsSync(target)) await writeFile(target, file * perFile, (file + 1) * perFile);
  }
}

/** Complete files only: the source must never see half of one. */
async function writeFile(target: string, from: number, to: number): Promise<void> {
  const temporary = path.join(path.dirname(target), `.${path.basename(target)}.tmp`);
  const stream = createWriteStream(temporary);
  stream.write(HEADER);
  for (let tick = from; tick < to; tick++) stream.write(rowsOf(tick));
  stream.end();
  await finished(stream);
  await rename(temporary, target);
}

function rowsOf(tick: number): string {
  const time = new Date(BEGIN_MS + tick * STEP_MS).toISOString();
  let rows = '';
  for (let machine = 1; machine <= MACHINES; machine++) {
    const name = `press-${String(machine).padStart(2, '0')}`;
    SENSORS.forEach((sensor, index) => {
      rows += `${name},${sensor.name},${time},${readingOf(sensor, tick, machine * 31 + index)}\n`;
    });
  }
  return rows;
}

/** `value,unit,quality`; now and then a sensor has nothing to say. */
function readingOf({ unit, mean, swing }: SensorKind, tick: number, seed: number): string {
  const noise = pseudoRandom(seed * 1_000_003 + tick);
  if (noise < 0.002) return `,${unit},missing`;
  const value = mean + swing * Math.sin(tick / 90 + seed) + swing * 0.2 * (noise - 0.5);
  return `${value.toFixed(3)},${unit},${noise > 0.99 ? 'uncertain' : 'good'}`;
}

/** mulberry32: 0 ≤ x < 1 from an integer, the same everywhere. */
function pseudoRandom(seed: number): number {
  let t = (seed + 0x6d2b79f5) | 0;
  t = Math.imul(t ^ (t >>> 15), t | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
}
