import { createServer } from 'node:net';
import { createLogger, createPrometheus } from '../../src/http';
import { listenRest } from '../../src/rest';
import { loadWorkerConfig, type WorkerView } from '../../src/worker';
import { sendRequest } from '../support/http';

const options = {
  view: { connectors: () => [], problems: () => [] } as unknown as WorkerView,
  logger: createLogger({ level: 'silent' }),
};

const listenWith = async (values: Record<string, string>, defaults: Record<string, string> = {}) =>
  listenRest(await loadWorkerConfig({ arguments: values, defaults, env: {} }), {
    ...options,
    prometheus: createPrometheus({ processMetrics: false }),
  });

async function takenPort() {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  return { port, close: () => new Promise((resolve) => server.close(resolve)) };
}

describe('listeners of the REST API', () => {
  test('several at once; the advertised one', async () => {
    const rest = await listenWith({
      listeners: 'http://127.0.0.1:0,http://localhost:0',
      'rest.advertised.host.name': 'worker-1',
      'rest.advertised.port': '99',
    });
    expect(rest.urls).toHaveLength(2);
    for (const url of rest.urls) expect((await sendRequest(`${url}/connectors`)).json()).toEqual([]);
    expect(rest.advertised).toEqual({ host: 'worker-1', port: 99 });
    await rest.close();
    await expect(sendRequest(`${rest.urls[0]}/connectors`)).rejects.toThrow();
  });

  test('a taken port is refused when somebody asked for it, left when it is a default', async () => {
    const { port, close } = await takenPort();
    const listeners = `http://127.0.0.1:${port}`;
    await expect(listenWith({ listeners })).rejects.toThrow(`Cannot listen on 127.0.0.1:${port} (listeners)`);
    const rest = await listenWith({}, { listeners });
    expect(rest.urls[0]).not.toBe(listeners);
    expect(rest.advertised.host).toBe('127.0.0.1');
    await rest.close();
    await close();
  });

  test('admin.listeners: apart, or off', async () => {
    const { port, close } = await takenPort();
    await close();
    const apart = await listenWith({
      listeners: 'http://127.0.0.1:0',
      'admin.listeners': `http://127.0.0.1:${port}`,
    });
    expect((await sendRequest(`http://127.0.0.1:${port}/admin/loggers`)).status).toBe(200);
    expect((await sendRequest(`${apart.urls[0]}/admin/loggers`)).status).toBe(404);
    await apart.close();
    const off = await listenWith({ listeners: 'http://127.0.0.1:0', 'admin.listeners': '' });
    expect((await sendRequest(`${off.urls[0]}/admin/loggers`)).status).toBe(404);
    await off.close();
  });

  test('one that cannot be had leaves none open', async () => {
    const { port, close } = await takenPort();
    await close();
    const listeners = `http://127.0.0.1:${port},ftp://127.0.0.1:0`;
    await expect(listenWith({ listeners })).rejects.toThrow('the scheme ftp is not served');
    await expect(sendRequest(`http://127.0.0.1:${port}/`)).rejects.toThrow();
  });
});
