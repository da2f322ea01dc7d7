/** A configuration that somebody wants tried out, with what it takes to do so. */
import { ConfigError } from '../../kernel';
import type { TaskConfig } from '../../plugin';
import type { Connector } from '../connector-config';
import type { Core } from '../herding/core';
import type { HostEnvironment } from '../host';
import { resolveAsConnect } from '../references';
import type { RawConfig } from '../storage/types';
import { scrubber, secretKeys } from './masking';

export interface Subject {
  /** Of the connector; `name` in the configuration. Empty where that has none. */
  readonly name: string;
  readonly plugin: Connector;
  readonly written: RawConfig;
  /** References resolved: holds secrets. */
  readonly config: TaskConfig;
  readonly environment: HostEnvironment;
  /** Hides secrets in a text. */
  scrub(text: string): string;
}

/** Throws ConfigError and PLUGIN_UNKNOWN. */
export async function subjectOf(core: Core, written: RawConfig): Promise<Subject> {
  const { environment } = core.parts;
  const className = written['connector.class']?.trim() ?? '';
  if (className === '') {
    throw new ConfigError('The configuration has no connector.class', {
      hint: 'GET /connector-plugins lists the classes there are.',
    });
  }
  const { config } = await resolveAsConnect(written, environment.providers);
  const plugin = await environment.catalog.find('connector', config['connector.class'] ?? '');
  const scrub = scrubber(written, config, await secretKeys(written, environment.catalog));
  return { name: written['name'] ?? '', plugin, written, config, environment, scrub };
}
