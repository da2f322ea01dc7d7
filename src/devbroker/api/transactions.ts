/** Producer ids and transactions. */
import type { Api } from '../api';
import { addOffsetsToTxn } from './add-offsets-to-txn';
import { addPartitionsToTxn } from './add-partitions-to-txn';
import { endTxn } from './end-txn';
import { initProducerId } from './init-producer-id';
import { txnOffsetCommit } from './txn-offset-commit';

export const transactionApis: readonly Api[] = [
  initProducerId,
  addPartitionsToTxn,
  addOffsetsToTxn,
  endTxn,
  txnOffsetCommit,
];
