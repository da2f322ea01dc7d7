export * from './body';
export * from './errors';
export * from './listener';
export * from './pino-logger';
export * from './probes';
export * from './prometheus';
export * from './reply';
export * from './server';
