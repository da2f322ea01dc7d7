import type { Api } from '../api';

export const transactionApis: readonly Api[] = [];
