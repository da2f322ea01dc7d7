/** What scenarios about configs do, in a line each. */
import { waitFor } from '../../support/wait';
import {
  alterConfigs,
  type DescribedConfig,
  type DescribedResource,
  describeConfigs,
  incrementalAlterConfigs,
  RESOURCE,
} from './admin-requests';
import { Client } from './client';

export type Change = readonly [name: string, operation: number, value: string | null];

export class ConfigClient extends Client {
  async describe(
    name: string,
    keys: readonly string[] | null = null,
    options: { synonyms?: boolean; version?: number } = {},
  ): Promise<DescribedResource> {
    const answer = await this.send(describeConfigs([{ type: RESOURCE.topic, name, keys }], options));
    expect(answer.resources).toHaveLength(1);
    return answer.resources[0]!;
  }

  async config(topic: string, key: string, synonyms = false): Promise<DescribedConfig> {
    const { configs } = await this.describe(topic, [key], { synonyms });
    return configs[0]!;
  }

  /** A broker applies changed configs some time after the answer. */
  async known(topic: string, key: string, value: string): Promise<void> {
    await waitFor(async () => (await this.config(topic, key)).value === value, { what: `${key} ${value}` });
  }

  async change(topic: string, ...configs: Change[]): Promise<[number, string | null]> {
    const answer = await this.send(incrementalAlterConfigs([{ name: topic, configs }]));
    expect(answer.resources).toMatchObject([{ type: RESOURCE.topic, name: topic }]);
    return [answer.resources[0]!.error, answer.resources[0]!.message];
  }

  async replace(
    topic: string,
    ...configs: (readonly [string, string | null])[]
  ): Promise<[number, string | null]> {
    const answer = await this.send(alterConfigs([{ name: topic, configs }]));
    return [answer.resources[0]!.error, answer.resources[0]!.message];
  }
}
