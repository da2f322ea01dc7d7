/** What `/metrics` shows, read line by line. */
import { waitFor } from './wait';

/** Samples by name and labels: `name{a="b"}`. */
export type Samples = ReadonlyMap<string, number>;

export const samplesOf = (text: string): Samples =>
  new Map(
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );

/** Names without labels; those of histograms with `_bucket`, `_sum` and `_count`. */
export const namesOf = (samples: Samples): ReadonlySet<string> =>
  new Set([...samples.keys()].map((key) => key.replace(/\{.*/s, '')));

/** Labels of the one-hot samples that are 1, by the label named: `{ running: 2 }` of `status`. */
export function hot(samples: Samples, name: string, label: string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const [key, value] of samples) {
    const found = key.startsWith(`${name}{`) && new RegExp(`[{,]${label}="([^"]*)"`).exec(key);
    if (found && value === 1) counts[found[1]!] = (counts[found[1]!] ?? 0) + 1;
  }
  return counts;
}

/** Scrapes until the samples are as wanted, and answers them. */
export function untilSamples(
  scrape: () => Promise<string>,
  isWanted: (samples: Samples) => boolean,
  timeoutMs = 10_000,
): Promise<Samples> {
  return waitFor(
    async () => {
      const samples = samplesOf(await scrape());
      return isWanted(samples) ? samples : null;
    },
    { timeoutMs, what: 'samples' },
  );
}
