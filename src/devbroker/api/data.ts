/** What producers and consumers send all the time. */
import type { Api } from '../api';
import { fetch } from './fetch';
import { listOffsets } from './list-offsets';
import { produce } from './produce';

export const dataApis: readonly Api[] = [produce, fetch, listOffsets];
