export { readPermissions } from './access/permissions-file';
export { type RegistryConfig, readRegistryConfig } from './config';
export { REGISTRY_CONFIG } from './config-keys';
export { registryEnvironment } from './environment';
export { type RegistryOptions, type RunningRegistry, startRegistry } from './main';
export { type StandaloneDependencies, startStandaloneRegistry } from './standalone';
