/** What the package holds besides the compiled code: the launcher of services, the pipelines of the demo. */
import path from 'node:path';

/** This file is in `dist/src/cli/services`, or in `src/cli/services` where tests compile it. */
const above = path.resolve(__dirname, '../../..');
const PACKAGE_ROOT = path.basename(above) === 'dist' ? path.dirname(above) : above;

export const DEMO_PIPELINES = path.join(PACKAGE_ROOT, 'config/demo');

const stackFile = (name: string): string => path.join(PACKAGE_ROOT, 'scripts/stack', name);

/** CommonJS without a build, for a checkout runs it before there are any packages. */
export const loadStack = () =>
  require(stackFile('index.cjs')) as typeof import('../../../scripts/stack/index.cjs');
export const loadPorts = () =>
  require(stackFile('ports.cjs')) as typeof import('../../../scripts/stack/ports.cjs');
export const loadLock = () =>
  require(stackFile('lock.cjs')) as typeof import('../../../scripts/stack/lock.cjs');
