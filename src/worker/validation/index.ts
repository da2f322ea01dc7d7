export type { ValidationContext } from './context';
export { configDefinitions } from './definitions';
export {
  type ConfigInfo,
  type ConfigInfos,
  type ConfigKeyInfo,
  type ConfigValueInfo,
  invalidConfigError,
} from './infos';
export { validateConnectorConfig } from './validate';
