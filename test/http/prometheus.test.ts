import { createPrometheus, createServer, listen, serveMetrics } from '../../src/http';
import { SILENT } from '../../src/kernel';
import { sendRequest } from '../support/http';

describe('the metrics port', () => {
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

  it('writes histograms cumulated, and what is no decimal number in words', async () => {
    const prometheus = createPrometheus({ processMetrics: false });
    const histogram = prometheus.histogram('put_seconds', 'Put', { task: '0' });
    for (const value of [0.001, 0.03, 0.04, 60]) histogram.observe(value);
    prometheus.gauge('top', 'Top').set(Number.POSITIVE_INFINITY);
    const lines = (await prometheus.render()).split('\n');
    expect(lines.slice(0, 2)).toEqual(['# HELP put_seconds Put', '# TYPE put_seconds histogram']);
    for (const line of [
      'put_seconds_bucket{le="0.001",task="0"} 1',
      'put_seconds_bucket{le="0.025",task="0"} 1',
      'put_seconds_bucket{le="0.05",task="0"} 3',
      'put_seconds_bucket{le="10",task="0"} 3',
      'put_seconds_bucket{le="+Inf",task="0"} 4',
      'put_seconds_sum{task="0"} 60.071',
      'put_seconds_count{task="0"} 4',
      'top +Inf',
    ]) {
      expect(lines).toContain(line);
    }
  });

  it('escapes labels and help, and puts common labels on all', async () => {
    const prometheus = createPrometheus({ processMetrics: false, defaultLabels: { site: 'a' } });
    prometheus.counter('x_total', 'One\nTwo', { path: 'C:\\"x"\n' }).add(1);
    prometheus.counter('y_total', 'Y').add(1);
    expect((await prometheus.render()).split('\n')).toEqual([
      '# HELP x_total One\\nTwo',
      '# TYPE x_total counter',
      'x_total{path="C:\\\\\\"x\\"\\n",site="a"} 1',
      '# HELP y_total Y',
      '# TYPE y_total counter',
      'y_total{site="a"} 1',
      '',
    ]);
  });

  it('asks for what comes and goes at scrape time', async () => {
    const prometheus = createPrometheus({ processMetrics: false });
    const tasks = ['0', '1'];
    const remove = prometheus.observedGauges('up', 'Up', () =>
      tasks.map((task) => [{ task }, Number(task)] as const),
    );
    expect(await prometheus.render()).toContain('up{task="0"} 0\nup{task="1"} 1\n');
    tasks.length = 0;
    expect(await prometheus.render()).toBe('');
    tasks.push('2');
    remove();
    expect(await prometheus.render()).toBe('');
  });

  it('shows the others when a reader throws', async () => {
    const prometheus = createPrometheus({ processMetrics: false });
    const broken = (): never => {
      throw new Error('broken');
    };
    prometheus.observedGauge('a', 'A', {}, broken);
    prometheus.observedGauges('b', 'B', broken);
    prometheus.gauge('c', 'C').set(1);
    expect(await prometheus.render()).toBe(
      '# HELP a A\n# TYPE a gauge\na NaN\n# HELP c C\n# TYPE c gauge\nc 1\n',
    );
  });

  it('forgets a series that is removed, which then begins anew', async () => {
    const prometheus = createPrometheus({ processMetrics: false });
    prometheus.counter('x_total', 'X', { task: '0' }).add(5);
    prometheus.remove('x_total', { task: '0' });
    prometheus.remove('unknown');
    expect(await prometheus.render()).toBe('');
    prometheus.counter('x_total', 'X', { task: '0' }).add(1);
    expect(await prometheus.render()).toContain('x_total{task="0"} 1');
  });

  it('refuses names that are none, and one name for two kinds', () => {
    const prometheus = createPrometheus({ processMetrics: false });
    prometheus.counter('x_total', 'X');
    expect(() => prometheus.gauge('x_total', 'X')).toThrow('The metric x_total is a counter, not a gauge');
    expect(() => prometheus.gauge('x-y', 'X')).toThrow('x-y is no name of a metric');
  });

  it('tells the limits of memory beside its use', async () => {
    const text = await createPrometheus().render();
    const value = (name: string): number => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)![1]);
    expect(value('millrace_memory_limit_bytes')).toBeGreaterThan(value('process_resident_memory_bytes'));
    expect(value('millrace_memory_limit_bytes')).toBeLessThan(2 ** 45);
    expect(value('millrace_heap_limit_bytes')).toBeGreaterThan(value('nodejs_heap_size_used_bytes'));
  });

  it('takes series out one by one, whatever they are', async () => {
    const prometheus = createPrometheus({ processMetrics: false });
    for (const task of ['0', '1']) {
      prometheus.counter('rows_total', 'Rows', { task }).add(1);
      prometheus.histogram('put_seconds', 'Put', { task }).observe(1);
      prometheus.observedGauge('queued', 'Queued', { task }, () => 1);
    }
    for (const name of ['rows_total', 'put_seconds', 'queued', 'unknown'])
      prometheus.remove(name, { task: '0' });
    const text = await prometheus.render();
    expect(text).not.toContain('task="0"');
    for (const line of ['rows_total{task="1"} 1', 'put_seconds_count{task="1"} 1', 'queued{task="1"} 1'])
      expect(text.split('\n')).toContain(line);
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
