/** Names in Redis. */
export interface Keys {
  /** Of everything that BullMQ keeps. */
  readonly prefix: string;
  /** Ids of workers with restarts of their own, by when they were heard of last. */
  readonly workers: string;
  /** What somebody wants of a job: `cancel`, `pause`; and the number of its runs. */
  wishes(jobId: string): string;
  /** Ids of dead letters that were redriven, by when. */
  redriven(topic: string): string;
}

export function keysOf(namespace: string): Keys {
  const prefix = `millrace:jobs:${namespace}`;
  return {
    prefix,
    workers: `${prefix}:workers`,
    wishes: (jobId) => `${prefix}:wishes:${jobId}`,
    redriven: (topic) => `${prefix}:redriven:${topic}`,
  };
}

export const LOADS = 'loads';
export const WORK = 'work';
export const restartsOf = (workerId: string): string => `restarts-${workerId.replaceAll(':', '_')}`;
