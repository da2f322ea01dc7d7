'use strict';
/** The list of the conformance suite's scenarios, from the sources, as docs/dev-broker.md shows it. */
const fs = require('node:fs');
const path = require('node:path');
const { rootDir } = require('../stack/paths.cjs');

const folder = 'test/devbroker/conformance';
const page = path.join(rootDir, 'docs/dev-broker.md');
const BEGIN = '<!-- scenarios: written by `npm run docs` -->';
const END = '<!-- end of scenarios -->';

/** Names are literals, so that they can be read here. */
const literal = /(['"`])((?:\\.|(?!\1)[^\\])*)\1/.source;
const areaPattern = new RegExp(`^conformance\\(\\s*${literal}`, 'm');
const scenarioPattern = new RegExp(`\\bscenario\\(\\s*${literal}`, 'g');
const unquote = (text) => text.replace(/\\(.)/g, '$1');

/** By file name: `{ area, file, scenarios }`. */
function readAreas() {
  const dir = path.join(rootDir, folder);
  const areas = [];
  for (const file of fs.readdirSync(dir).sort()) {
    if (!file.endsWith('.test.ts')) continue;
    const source = fs.readFileSync(path.join(dir, file), 'utf8');
    const area = areaPattern.exec(source);
    if (area === null) continue;
    const scenarios = [...source.matchAll(scenarioPattern)].map((match) => unquote(match[2]));
    areas.push({ area: unquote(area[2]), file, scenarios });
  }
  return areas;
}

function renderList() {
  const areas = readAreas();
  const total = areas.reduce((sum, { scenarios }) => sum + scenarios.length, 0);
  return [
    `${total} scenarios in ${areas.length} areas:`,
    '',
    '| area | scenarios | file |',
    '| --- | ---: | --- |',
    ...areas.map(({ area, file, scenarios }) => `| ${area} | ${scenarios.length} | \`${file}\` |`),
    ...areas.flatMap(({ area, scenarios }) => [
      '',
      `### ${area}`,
      '',
      ...scenarios.map((name) => `- ${name}`),
    ]),
  ].join('\n');
}

/** Where the list stands in the page: `[before, list, after]`. */
function splitPage() {
  const text = fs.readFileSync(page, 'utf8');
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`${page} has no place for the scenarios: ${BEGIN} … ${END}`);
  const from = begin + BEGIN.length;
  return [text.slice(0, from), text.slice(from, end).trim(), text.slice(end)];
}

const readList = () => splitPage()[1];

function writeList() {
  const [before, , after] = splitPage();
  fs.writeFileSync(page, `${before}\n\n${renderList()}\n\n${after}`);
}

module.exports = { readAreas, readList, renderList, writeList };
