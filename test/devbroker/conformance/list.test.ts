/** The page lists what is compared: each scenario by its name, and enough of them. */
import { readAreas, readList, renderList } from '../../../scripts/project/conformance.cjs';

it('docs/dev-broker.md lists the scenarios as they are (npm run docs writes them)', () => {
  expect(readList()).toBe(renderList());
});

it('there are at least 150 scenarios, each named once in its area', () => {
  const areas = readAreas();
  expect(areas.flatMap(({ scenarios }) => scenarios).length).toBeGreaterThanOrEqual(150);
  for (const { area, scenarios } of areas) {
    expect(scenarios.length).toBeGreaterThan(0);
    expect([area, new Set(scenarios).size]).toEqual([area, scenarios.length]);
  }
  expect(new Set(areas.map(({ area }) => area)).size).toBe(areas.length);
});
