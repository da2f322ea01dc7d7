/** Public face of the control plane. */
export { BUILT_IN_MODULES } from './builtins';
export { type Catalog, createCatalog, findPlugin, namesOf, type PluginModule } from './catalog';
export type { OpenKafka } from './clients';
export { SINK_DEF, SOURCE_DEF } from './connector-keys';
export { createDistributed, type DistributedOptions, type DistributedWorker } from './distributed';
export * from './files';
export { parseProperties } from './files/properties';
export * from './herder';
export type { SendRequest } from './herding/internal-requests';
export type { TargetState } from './lifecycle';
export { type FileKind, type LintResult, lintDocument } from './lint';
export * from './operations';
export { ownDef } from './own-keys';
export { pipelineSchema } from './pipeline-schema';
export { type PluginInfo, pluginInfos } from './plugin-infos';
export { createStandalone, type StandaloneOptions, type StandaloneWorker } from './standalone';
export { findThirdParty } from './third-party';
export {
  type ConfigInfos,
  type ConfigKeyInfo,
  configDefinitions,
  invalidConfigError,
  type ValidationContext,
  validateConnectorConfig,
} from './validation';
export { loadWorkerConfig, type WorkerConfig, type WorkerSources } from './worker-config';
export { checkWorkerConverters } from './worker-converters';
export { WORKER_DEF } from './worker-keys';
export * from './worker-view';
