import { CONNECTOR_MODULES } from '../../src/cli/builtin-connectors';
import { configDefinitions, createCatalog } from '../../src/worker';

test('every key of ours has what a form needs', async () => {
  for (const plugin of await createCatalog(CONNECTOR_MODULES).all()) {
    // Those of Kafka's file connectors are as bare as there.
    if (plugin.name.startsWith('file-stream')) continue;
    for (const info of configDefinitions(plugin)) {
      expect({ plugin: plugin.name, ...info }).toMatchObject({
        name: info.name,
        group: expect.stringMatching(/\w/),
        width: expect.stringMatching(/^(SHORT|MEDIUM|LONG)$/),
        display_name: expect.stringMatching(/^[A-Z]/),
        order: expect.any(Number),
      });
      expect([info.name, info.display_name]).not.toEqual([info.name, info.name]);
      expect(info.order).toBeGreaterThan(0);
    }
  }
});
