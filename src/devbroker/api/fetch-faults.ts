/** Records that arrive cut off or changed, when a fault has it so. What is stored stays as it is. */
import { RECORDS } from '../../kafka/wire/batch-layout';
import type { Call } from '../api';
import type { Fetched } from './fetch-partitions';

export function spoil(fetched: Fetched, { broker, asked }: Call): Fetched {
  const { topic, partition, sizeBytes } = fetched;
  if (sizeBytes === 0) return fetched;
  const place = { topic, partition };
  const cut = broker.faults.take('truncateBytes', asked, place);
  const left = cut === undefined ? fetched : truncated(fetched, cut.truncateBytes);
  return broker.faults.take('corrupt', asked, place) === undefined ? left : corrupted(left);
}

function truncated(fetched: Fetched, bytes: number): Fetched {
  const sizeBytes = Math.max(1, fetched.sizeBytes - bytes);
  return { ...fetched, chunks: [Buffer.concat(fetched.chunks).subarray(0, sizeBytes)], sizeBytes };
}

/** In the first record of the first batch, which a checksum covers. */
function corrupted(fetched: Fetched): Fetched {
  const [first, ...others] = fetched.chunks;
  const changed = Buffer.from(first!);
  const at = Math.min(RECORDS, changed.length - 1);
  changed[at] = changed[at]! ^ 0xff;
  return { ...fetched, chunks: [changed, ...others] };
}
