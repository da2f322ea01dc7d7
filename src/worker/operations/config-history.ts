/** The history of a connector's configuration as people ask for it: looked at, and gone back in. */
import { ConfigError } from '../../kernel';
import type { Catalog } from '../catalog';
import { notFound } from '../herding/views';
import type { RawConfig } from '../storage/types';
import type { Author, Change, Origin } from './changes';
import { createVersionBook, type VersionBook } from './history';
import { type ShownConfigVersion, showVersions } from './history-view';

export interface ConfigHistory {
  record(change: Change): void;
  /** Newest first. NOT_FOUND where neither a connector nor a version of it is there. */
  versions(connector: string): Promise<readonly ShownConfigVersion[]>;
  version(connector: string, version: number): Promise<ShownConfigVersion>;
  /** Validated and written as any change is; throws what that throws. Answers the newest version, which it is. */
  revert(connector: string, version: number, author: Author): Promise<ShownConfigVersion>;
  stop(): Promise<void>;
}

export interface HistoryParts {
  readonly log: Parameters<typeof createVersionBook>[0];
  readonly logger: Parameters<typeof createVersionBook>[1];
  readonly catalog: Catalog;
  exists(connector: string): boolean;
  put(connector: string, config: RawConfig, origin: Origin): Promise<unknown>;
}

export function createConfigHistory(parts: HistoryParts): ConfigHistory {
  const { catalog, exists, put } = parts;
  const book: VersionBook = createVersionBook(parts.log, parts.logger);
  const kept = async (connector: string) => {
    const versions = await book.versions(connector);
    if (versions.length === 0 && !exists(connector)) throw notFound(`Connector ${connector} not found`);
    return versions;
  };
  const shown = async (connector: string): Promise<ShownConfigVersion[]> =>
    (await showVersions(await kept(connector), catalog)).reverse();
  const noVersion = (connector: string, version: number) =>
    notFound(`Connector ${connector} has no version ${version}: the last 50 are kept`);
  return {
    record: (change) => book.record(change),
    versions: shown,
    async version(connector, version) {
      const found = (await shown(connector)).find((each) => each.version === version);
      if (found === undefined) throw noVersion(connector, version);
      return found;
    },
    async revert(connector, version, author) {
      const found = (await kept(connector)).find((each) => each.version === version);
      if (found === undefined) throw noVersion(connector, version);
      if (found.config === null) {
        throw new ConfigError(
          `Version ${version} of ${connector} is its deletion, which has no configuration`,
          {
            hint: `Revert to the version before it, or send DELETE /connectors/${connector}.`,
          },
        );
      }
      await put(connector, found.config, { author, revertOf: version });
      return (await shown(connector))[0]!;
    },
    stop: () => book.stop(),
  };
}
