import { createPrometheus, createServer, listen, serveMetrics } from '../../src/http';
import { SILENT } from '../../src/kernel';
import { sendRequest } from '../support/http';

describe('the metrics port on prom-client', () => {
  it('counts, sets, times and reads at scrape time, per label set', async () => {
    const prometheus = createPrometheus({ processMetrics: false });
    prometheus.counter('rows_total', 'Rows', { table: 'a' }).add(3);
    prometheus.counter('rows_total', 'Rows', { table: 'b' }).add(1);
    prometheus.counter('rows_total', 'Rows', { table: 'a' }).add(1);
    prometheus.gauge('lag', 'Lag').set(7);
    prometheus.histogram('put_seconds', 'Put').observe(0.03);
    let queued = 5;
    const remove = prometheus.observedGauge('queued_bytes', 'Queued', { task: '0' }, () => queued);
    prometheus.observedGauge('queued_bytes', 'Queued', { task: '1' }, () => 1);
    const first = await prometheus.render();
    for (const line of [
      'rows_total{table="a"} 4',
      'rows_total{table="b"} 1',
      'lag 7',
      'put_seconds_bucket{le="0.05"} 1',
      'put_seconds_bucket{le="0.025"} 0',
      'queued_bytes{task="0"} 5',
      'queued_bytes{task="1"} 1',
    ]) {
      expect(first.split('\n')).toContain(line);
    }
    queued = 6;
    expect(await prometheus.render()).toContain('queued_bytes{task="0"} 6');
    remove();
    expect(await prometheus.render()).not.toContain('queued_bytes{task="0"}');
  });

  it('keeps two instances of one process apart', async () => {
    const [one, two] = [createPrometheus(), createPrometheus({ processMetrics: false })];
    one.counter('x_total', 'X').add(1);
    two.counter('x_total', 'X').add(2);
    expect(await one.render()).toMatch(/^x_total 1$/m);
    expect(await one.render()).toMatch(/^process_resident_memory_bytes /m);
    expect(await two.render()).toMatch(/^x_total 2$/m);
  });

  it('is served, requests measured by route pattern', async () => {
    const prometheus = createPrometheus({ processMetrics: false });
    const server = createServer({ logger: SILENT, metrics: prometheus, name: 'test' });
    serveMetrics(server, prometheus);
    server.get('/a/:b', async () => 'x');
    const { url, close } = await listen(server, 'http://127.0.0.1:0');
    for (const path of ['/a/1', '/a/2', '/nope', '/nope2']) await sendRequest(url + path);
    const reply = await sendRequest(`${url}/metrics`);
    expect(reply.headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
    const counted = 'millrace_http_requests_total{server="test",method="GET"';
    expect(reply.text).toContain(`${counted},route="/a/:b",status="200"} 2`);
    expect(reply.text).toContain(`${counted},route="unknown",status="404"} 2`);
    await close();
  });
});
