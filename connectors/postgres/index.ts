import type { Plugin } from '../../src/plugin';
import { postgresSink, postgresSinkAiven, postgresSinkDebezium } from './sink';

const plugins: readonly Plugin[] = [postgresSink, postgresSinkAiven, postgresSinkDebezium];

export default plugins;
