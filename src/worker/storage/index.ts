export { createMemoryConfigStore } from './config-store-memory';
export { createMemoryStatusStore } from './status-store-memory';
export * from './types';
