'use strict';
const path = require('node:path');

const rootDir = path.resolve(__dirname, '../..');

/** Everything that the services keep: data, logs, pids, jars. Git ignores it. */
const stackDir = process.env.MILLRACE_STACK_DIR
  ? path.resolve(process.env.MILLRACE_STACK_DIR)
  : path.join(rootDir, '.stack');

module.exports = { rootDir, stackDir };
