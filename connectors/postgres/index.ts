import type { Plugin } from '../../src/plugin';
import { postgresSink, postgresSinkAiven, postgresSinkDebezium } from './sink';
import { postgresSource, postgresSourceAiven } from './source';

const plugins: readonly Plugin[] = [
  postgresSink,
  postgresSinkAiven,
  postgresSinkDebezium,
  postgresSource,
  postgresSourceAiven,
];

export default plugins;
