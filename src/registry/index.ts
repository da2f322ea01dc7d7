export { REGISTRY_CONFIG, type RegistryConfig, readRegistryConfig } from './config';
export { type RegistryOptions, type RunningRegistry, startRegistry } from './main';
export { type StandaloneDependencies, startStandaloneRegistry } from './standalone';
