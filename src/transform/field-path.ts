import { ConfigError, type ConfigKey, oneOfIgnoringCase } from '../kernel';

/** Steps from the root to a field. */
export type Path = readonly string[];

export const NESTED_SYNTAX: ConfigKey = {
  name: 'field.syntax.version',
  type: 'STRING',
  default: 'V1',
  importance: 'HIGH',
  validator: oneOfIgnoringCase('V1', 'V2'),
  doc: 'V1: the name is one field. V2: dots go into nested fields; backticks around a step keep its dots.',
};

/** V1 takes the text as one name; V2 splits at dots outside backticks (KIP-821). */
export function fieldPath(text: string, version: string): Path {
  if (version.toUpperCase() === 'V1') return [text];
  const steps: string[] = [];
  let rest = text;
  while (rest !== '') {
    const match = /^(?:`((?:[^`\\]|\\`)*)`|([^.]+))(?:\.(?=.)|$)/.exec(rest);
    if (match === null) throw new ConfigError(`${JSON.stringify(text)} is not a field path`);
    steps.push(match[1] === undefined ? match[2]! : match[1].replaceAll('\\`', '`'));
    rest = rest.slice(match[0].length);
  }
  return steps;
}
