import { MillraceError } from '../../src/kernel';
import type { Plugin } from '../../src/plugin';
import { createCatalog } from '../../src/worker/catalog';
import { linesSource, plugins, tableSink } from './fakes';

const twin = { ...tableSink, name: 'other-table-sink', aliases: ['org.other.TableSinkConnector'] };

describe('catalog', () => {
  const catalog = createCatalog([{ names: null, load: () => plugins }]);

  test.each(['com.example.LinesSourceConnector', 'LinesSourceConnector', 'LinesSource', 'lines-source'])(
    'finds a connector as %s',
    async (name) => {
      expect(await catalog.find('connector', name)).toBe(linesSource);
      expect(await catalog.find('source', name)).toBe(linesSource);
    },
  );

  test('names are looked up within their kind', async () => {
    expect((await catalog.find('header-converter', 'text')).kind).toBe('header-converter');
    expect((await catalog.find('converter', 'Text')).kind).toBe('converter');
    await expect(catalog.find('sink', 'LinesSource')).rejects.toThrow('no sink connector LinesSource');
  });

  test('an unknown class names the nearest and the known ones', async () => {
    const error = await catalog
      .find('connector', 'io.x.LineSourceConnector')
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(MillraceError);
    expect(error).toMatchObject({
      code: 'PLUGIN_UNKNOWN',
      message: 'there is no connector io.x.LineSourceConnector',
      hint: expect.stringMatching(
        /^Did you mean LinesSourceConnector\? Known are lines-source \(com\.example\.LinesSourceConnector\), table-sink/,
      ),
    });
  });

  test('a short name of two connectors is refused with both full names', async () => {
    const both = createCatalog([{ names: null, load: () => [tableSink, twin] }]);
    await expect(both.find('connector', 'TableSink')).rejects.toMatchObject({
      hint: 'Give the full class name: com.example.TableSinkConnector, org.other.TableSinkConnector.',
    });
    expect(await both.find('connector', 'org.other.TableSinkConnector')).toBe(twin);
  });

  test('an alias that is the short name itself wins', async () => {
    const claiming = { ...twin, aliases: [...twin.aliases, 'TableSink'] };
    const both = createCatalog([{ names: null, load: () => [tableSink, claiming] }]);
    expect(await both.find('connector', 'TableSink')).toBe(claiming);
  });

  test('only modules with a fitting name are loaded, each once', async () => {
    const loads: string[] = [];
    const loading = (name: string, plugin: Plugin): Plugin[] => {
      loads.push(name);
      return [plugin];
    };
    const lazy = createCatalog([
      { names: ['lines-source', ...linesSource.aliases], load: () => loading('lines', linesSource) },
      { names: ['table-sink', ...tableSink.aliases], load: () => loading('table', tableSink) },
    ]);
    await lazy.find('connector', 'LinesSource');
    await lazy.find('connector', 'lines-source');
    expect(loads).toEqual(['lines']);
    expect(await lazy.all()).toEqual([linesSource, tableSink]);
    expect(loads).toEqual(['lines', 'table']);
  });
});
