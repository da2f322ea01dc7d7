import type { Api } from '../api';

export const groupApis: readonly Api[] = [];
