import type { FastifyInstance } from 'fastify';
import type { Counter, Histogram, Metrics } from '../kernel';

interface Instruments {
  readonly duration: Histogram;
  readonly byStatus: Map<number, Counter>;
}

/** Counts requests by route pattern, verb and status, and times them. Unknown paths share one label, so they cannot flood it. */
export function measureRequests(server: FastifyInstance, metrics: Metrics, name: string): void {
  const routes = new Map<string, Instruments>();
  server.addHook('onResponse', async (request, reply) => {
    const { method } = request;
    const route = request.routeOptions.url ?? 'unknown';
    const labels = { server: name, method, route };
    const key = `${method} ${route}`;
    let known = routes.get(key);
    if (known === undefined) {
      const duration = metrics.histogram(
        'millrace_http_request_seconds',
        'Time to answer HTTP requests',
        labels,
      );
      routes.set(key, (known = { duration, byStatus: new Map() }));
    }
    let count = known.byStatus.get(reply.statusCode);
    if (count === undefined) {
      const withStatus = { ...labels, status: String(reply.statusCode) };
      count = metrics.counter('millrace_http_requests_total', 'HTTP requests answered', withStatus);
      known.byStatus.set(reply.statusCode, count);
    }
    count.add(1);
    known.duration.observe(reply.elapsedTime / 1000);
  });
}
