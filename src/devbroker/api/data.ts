import type { Api } from '../api';

export const dataApis: readonly Api[] = [];
