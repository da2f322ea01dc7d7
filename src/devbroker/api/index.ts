/** All requests that the broker serves, by api key. */
import type { Api } from '../api';
import { adminApis } from './admin';
import { dataApis } from './data';
import { groupApis } from './groups';
import { sessionApis } from './session';
import { transactionApis } from './transactions';

export const APIS: ReadonlyMap<number, Api> = new Map(
  [...sessionApis, ...adminApis, ...dataApis, ...groupApis, ...transactionApis]
    .sort((a, b) => a.key - b.key)
    .map((each) => [each.key, each]),
);
