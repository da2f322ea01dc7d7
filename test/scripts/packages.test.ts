import { readFileSync } from 'node:fs';
import path from 'node:path';
import { repositoryRoot } from '../support/process';

interface LockEntry {
  resolved?: string;
  optionalDependencies?: Record<string, string>;
  hasInstallScript?: boolean;
}

const lock = JSON.parse(readFileSync(path.join(repositoryRoot, 'package-lock.json'), 'utf8')) as {
  packages: Record<string, LockEntry>;
};

describe('package-lock.json', () => {
  it('has the packages of every platform, or npm ci refuses it (npm leaves out what a mirror does not serve)', () => {
    const missing = Object.entries(lock.packages).flatMap(([place, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter(
        (name) => !lock.packages[`node_modules/${name}`] && !lock.packages[`${place}/node_modules/${name}`],
      ),
    );
    // Mended by: node scripts/project/complete-lock.mjs
    expect(missing).toEqual([]);
  });

  it('names no registry host', () => {
    const hosts = Object.entries(lock.packages).filter(([, { resolved }]) => resolved?.startsWith('http'));
    expect(hosts).toEqual([]);
  });
});
