import type { Api } from '../api';

export const adminApis: readonly Api[] = [];
