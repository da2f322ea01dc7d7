/** Validation of a connector as REST asks for it, with everything this worker knows. */
import { type CheckedConnector, checkConnector } from './connector-config';
import { type GivenConfig, InvalidConnectorError } from './herder';
import type { HostEnvironment } from './host';
import { REGISTRY_URL } from './pipeline';
import { resolveReferences } from './references';
import type { ConfigInfos } from './validation/infos';
import type { WorkerConfig } from './worker-config';

export interface ConnectorChecks {
  validate(config: GivenConfig): Promise<ConfigInfos>;
  /** Throws InvalidConnectorError. */
  check(config: GivenConfig): Promise<void>;
}

export function connectorChecks(environment: HostEnvironment, _worker: WorkerConfig): ConnectorChecks {
  const { catalog, policy, worker, providers } = environment;
  const checked = async (raw: Readonly<Record<string, string>>): Promise<CheckedConnector> => {
    const { config } = await resolveReferences(raw, providers);
    return checkConnector(config, {
      catalog,
      policy,
      workerHas: (role) => Boolean(worker[`${role}.converter`]),
      workerRegistry: worker[REGISTRY_URL] ?? null,
    });
  };
  return {
    async validate() {
      return { name: '', error_count: 0, groups: [], configs: [] };
    },
    async check(config) {
      const { issues } = await checked(config as Readonly<Record<string, string>>);
      const errors = issues.filter(({ kind }) => kind !== 'unknown');
      if (errors.length > 0) throw new InvalidConnectorError(errors.map(({ message }) => message).join('\n'));
    },
  };
}
