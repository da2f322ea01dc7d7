/** Shapes of a validation as REST answers it; members in the order of a JVM worker (connect.md §1.3). */

export interface ConfigKeyInfo {
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
  readonly default_value: string | null;
  readonly importance: string;
  readonly documentation: string;
  readonly group: string | null;
  readonly width: string;
  readonly display_name: string;
  readonly dependents: readonly string[];
  readonly order: number;
}

export interface ConfigValueInfo {
  readonly name: string;
  /** Passwords as `[hidden]`. */
  readonly value: string | null;
  readonly recommended_values: readonly string[];
  readonly errors: readonly string[];
  readonly visible: boolean;
}

export interface ConfigInfo {
  readonly definition: ConfigKeyInfo | null;
  readonly value: ConfigValueInfo | null;
}

export interface ConfigInfos {
  /** `connector.class` as given. */
  readonly name: string;
  readonly error_count: number;
  readonly groups: readonly string[];
  readonly configs: readonly ConfigInfo[];
}

/** What POST and PUT answer to a configuration with errors (connect.md §1.4); null when there are none. */
export function invalidConfigError({ error_count: count, configs }: ConfigInfos): string | null {
  if (count === 0) return null;
  const messages = configs.flatMap(({ value }) => value?.errors ?? []);
  return [
    `Connector configuration is invalid and contains the following ${count} error(s):`,
    ...messages,
    'You can also find the above list of errors at the endpoint `/connector-plugins/{connectorType}/config/validate`',
  ].join('\n');
}
