/** The limits that memory of this process runs into; what is used prom-client tells. */
import { totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';
import type { Metrics } from '../kernel';

export function observeMemory(metrics: Metrics): void {
  metrics.observedGauge(
    'millrace_memory_limit_bytes',
    'Memory that this process may have: that of its container, else of the machine',
    {},
    memoryLimit,
  );
  metrics.observedGauge(
    'millrace_heap_limit_bytes',
    'Heap that V8 may grow to; --max-old-space-size sets it',
    {},
    () => getHeapStatistics().heap_size_limit,
  );
}

/** Without a container's limit Node answers 0 or more than the machine has. */
function memoryLimit(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}
