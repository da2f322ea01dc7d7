/** Validation of a connector as REST asks for it, with everything this worker knows. */
import { type GivenConfig, InvalidConnectorError } from './herder';
import type { HostEnvironment } from './host';
import {
  type ConfigInfos,
  invalidConfigError,
  type ValidationContext,
  validateConnectorConfig,
} from './validation';

export interface ConnectorChecks {
  validate(config: GivenConfig): Promise<ConfigInfos>;
  /** Throws InvalidConnectorError. */
  check(config: GivenConfig): Promise<void>;
}

/** @param groupId of the workers, which no sink may join; null for a worker alone */
export function connectorChecks(environment: HostEnvironment, groupId: string | null): ConnectorChecks {
  const { catalog, policy, worker, providers, exactlyOnce } = environment;
  const known = { catalog, policy, worker, providers, groupId, exactlyOnce: exactlyOnce != null };
  const judge = (config: GivenConfig, recommend: boolean): Promise<ConfigInfos> =>
    validateConnectorConfig(config, { ...known, recommend } satisfies ValidationContext);
  return {
    validate: (config) => judge(config, true),
    async check(config) {
      const wrong = invalidConfigError(await judge(config, false));
      if (wrong !== null) throw new InvalidConnectorError(wrong);
    },
  };
}
