/** How many wrong passwords an address may try: a bucket per address that fills again with time. */
import { isIPv6 } from 'node:net';
import { LRUCache } from 'lru-cache';

export interface FailureLimits {
  /** Failures an address may make in one go. */
  readonly burst: number;
  /** And then per minute. */
  readonly perMinute: number;
}

export const DEFAULT_FAILURE_LIMITS: FailureLimits = { burst: 20, perMinute: 20 };

interface Bucket {
  left: number;
  at: number;
}

/** Addresses remembered. */
const MAX_ADDRESSES = 10_000;

export class FailureLimiter {
  readonly #buckets = new LRUCache<string, Bucket>({ max: MAX_ADDRESSES });

  constructor(
    readonly limits: FailureLimits = DEFAULT_FAILURE_LIMITS,
    readonly now: () => number = Date.now,
  ) {}

  /** Takes an attempt before its outcome is known, so that many at once count too. 0: go on; else seconds to wait. */
  take(address: string): number {
    const bucket = this.#bucket(address);
    if (bucket.left >= 1) {
      bucket.left -= 1;
      return 0;
    }
    return Math.max(1, Math.ceil(((1 - bucket.left) * 60) / this.limits.perMinute));
  }

  /** The attempt was none of guessing. */
  giveBack(address: string): void {
    const bucket = this.#bucket(address);
    bucket.left = Math.min(this.limits.burst, bucket.left + 1);
  }

  #bucket(address: string): Bucket {
    const { burst, perMinute } = this.limits;
    const key = networkOf(address);
    const now = this.now();
    const known = this.#buckets.get(key);
    if (known === undefined) {
      const fresh = { left: burst, at: now };
      this.#buckets.set(key, fresh);
      return fresh;
    }
    known.left = Math.min(burst, known.left + ((now - known.at) / 60_000) * perMinute);
    known.at = now;
    return known;
  }
}

/** One who has an IPv6 address has the 2^64 of its network too. */
function networkOf(address: string): string {
  if (!isIPv6(address) || address.startsWith('::ffff:')) return address;
  const [head = '', tail] = address.split('::');
  const groups = head.split(':').filter((group) => group !== '');
  // Leading groups that `::` stands for are zero.
  const filled = tail === undefined ? groups : [...groups, '0', '0', '0', '0'];
  return filled.slice(0, 4).join(':');
}
