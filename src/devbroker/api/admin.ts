/** Requests about the cluster and its topics. */
import type { Api } from '../api';
import { createTopics } from './create-topics';
import { deleteTopics } from './delete-topics';
import { metadata } from './metadata';

export const adminApis: readonly Api[] = [metadata, createTopics, deleteTopics];
