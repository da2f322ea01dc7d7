/** Keys of what guards a registry. */
import { authenticationKeys, TLS_SERVER_KEYS } from '../../http';
import type { ConfigKey } from '../../kernel';
import { PERMISSIONS_KEY } from './permissions-file';

/** What a probe asks, and what Karapace lets anybody ask. */
const OPEN_PATHS = ['/', '/live', '/ready', '/health', '/_health', '/master_available', '/schemas/types'];

export const SECURITY_KEYS: readonly ConfigKey[] = [
  ...TLS_SERVER_KEYS,
  ...authenticationKeys(OPEN_PATHS),
  {
    name: PERMISSIONS_KEY,
    type: 'STRING',
    default: null,
    importance: 'HIGH',
    group: 'Authorization and audit',
    doc: 'Who may do what on which subjects, YAML or JSON. It is read again when it changes. Without it everybody who comes in may do everything.',
    example: '/etc/millrace/permissions.yaml',
  },
  {
    name: 'audit.log',
    type: 'BOOLEAN',
    default: null,
    importance: 'MEDIUM',
    group: 'Authorization and audit',
    doc: 'Whether each request that would change something gets a line in the log. When clients log in it does unless this is false.',
  },
  {
    name: 'audit.log.file',
    type: 'STRING',
    default: null,
    importance: 'LOW',
    group: 'Authorization and audit',
    doc: 'File for these lines, JSON, instead of the log.',
  },
];
