export { HostedConnector, type Plan } from './connector';
export { Host } from './host';
export { HostedTask } from './task';
export * from './types';
