/**
 * Import arrows between the rooms: each room, and the rooms that it may import. Whatever is not listed is refused, so a new
 * room needs its line here.
 */
const arrows = {
  kernel: [],
  plugin: ['kernel'],
  kafka: ['kernel'],
  devbroker: ['kafka/wire', 'kernel'],
  schemas: ['kernel'],
  convert: ['kernel', 'plugin', 'schemas'],
  transform: ['kernel', 'plugin'],
  flow: ['kernel', 'plugin', 'kafka'],
  worker: ['kernel', 'plugin', 'kafka', 'convert', 'transform', 'flow'],
  jobs: ['kernel', 'worker'],
  http: ['kernel'],
  rest: ['http', 'kernel', 'worker'],
  registry: ['http', 'kafka', 'kernel', 'schemas'],
  proxy: ['http', 'kafka', 'kernel', 'schemas'],
  console: ['http'],
};

const own = '^(src|connectors)/';
const oneOf = (folders) => `^src/(${folders.join('|')})/`;

const rooms = Object.entries(arrows).map(([room, targets]) => ({
  name: `room-${room}`,
  comment: `src/${room} may import ${targets.length > 0 ? targets.join(', ') : 'no other room'}.`,
  severity: 'error',
  from: { path: `^src/${room}/` },
  to: { path: own, pathNot: oneOf([room, ...targets]) },
}));

module.exports = {
  forbidden: [
    ...rooms,
    {
      name: 'no-unknown-room',
      comment: 'Every folder of src has its line in the table of arrows; cli may import every room.',
      severity: 'error',
      from: { path: '^src/', pathNot: oneOf(['cli', ...Object.keys(arrows)]) },
      to: {},
    },
    {
      name: 'connectors-import-the-contract-only',
      comment: 'A connector imports src/plugin and its own folder, as one from outside would.',
      severity: 'error',
      from: { path: '^connectors/([^/]+)/' },
      to: { path: own, pathNot: ['^connectors/$1/', '^src/plugin/'] },
    },
    {
      name: 'only-the-composition-imports-connectors',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/cli/' },
      to: { path: '^connectors/' },
    },
    {
      name: 'kafkajs-stays-in-its-room',
      comment: 'src/kafka is the only room that knows kafkajs.',
      severity: 'error',
      from: { path: own, pathNot: '^src/kafka/' },
      to: { path: 'node_modules/kafkajs/' },
    },
    {
      name: 'kernel-does-no-io',
      comment: 'The kernel is pure: no packages, no modules of Node.',
      severity: 'error',
      from: { path: '^src/kernel/' },
      to: { dependencyTypes: ['core', 'npm', 'npm-optional', 'npm-dev'] },
    },
    {
      name: 'everything-is-found',
      severity: 'error',
      from: { path: own },
      to: { couldNotResolve: true },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    // Type-only imports are arrows too.
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '\\.d\\.ts$' },
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.json'] },
  },
};
