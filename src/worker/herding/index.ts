export * from './compose';
export { Core, type CoreParts } from './core';
export { observeWorker } from './gauges';
export { GroupMembership } from './group-membership';
export { type HerderParts, WorkerHerder } from './herder';
export { createInternalRequests, type InternalRequests, type SendRequest } from './internal-requests';
export { Leadership } from './leadership';
export { fenceZombies } from './zombies';
