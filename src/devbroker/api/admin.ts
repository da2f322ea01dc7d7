/** Requests about the cluster and its topics. */
import type { Api } from '../api';
import { aclApis } from './acls';
import { alterConfigs } from './alter-configs';
import { createPartitions } from './create-partitions';
import { createTopics } from './create-topics';
import { deleteRecords } from './delete-records';
import { deleteTopics } from './delete-topics';
import { describeConfigs } from './describe-configs';
import { incrementalAlterConfigs } from './incremental-alter-configs';
import { metadata } from './metadata';

export const adminApis: readonly Api[] = [
  metadata,
  createTopics,
  deleteTopics,
  createPartitions,
  deleteRecords,
  describeConfigs,
  alterConfigs,
  incrementalAlterConfigs,
  ...aclApis,
];
