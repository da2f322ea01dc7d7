export * from './compose';
export { Core, type CoreParts } from './core';
export { observeConnector, observeWorker } from './gauges';
export { type HerderParts, WorkerHerder } from './herder';
