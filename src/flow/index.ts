export { runSinkTask } from './sink-runner';
export { runSourceTask } from './source-runner';
export * from './types';
