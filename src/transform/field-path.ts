import { ConfigError, type ConfigKey, oneOfIgnoringCase } from '../kernel';

/** Steps from the root to a field; at least one. */
export type Path = readonly string[];

export const NESTED_SYNTAX: ConfigKey = {
  name: 'field.syntax.version',
  type: 'STRING',
  default: 'V1',
  importance: 'HIGH',
  validator: oneOfIgnoringCase('V1', 'V2'),
  doc: 'V1: the name is one field. V2: dots go into nested fields; backticks around a step keep its dots.',
};

/** V1 takes the text as one name; V2 splits at dots outside backticks (KIP-821). Throws ConfigError. */
export function fieldPath(text: string, version: string): Path {
  if (version.toUpperCase() === 'V1') return [text];
  const steps: string[] = [];
  let at = 0;
  while (at <= text.length) {
    const { step, end } = text[at] === '`' ? quotedStep(text, at) : plainStep(text, at);
    steps.push(step);
    at = end + 1;
  }
  return steps;
}

interface Step {
  readonly step: string;
  /** Where the dot behind it stands, or the end of the text. */
  readonly end: number;
}

function plainStep(text: string, start: number): Step {
  const dot = text.indexOf('.', start);
  const end = dot < 0 ? text.length : dot;
  return { step: text.slice(start, end), end };
}

/** Only a backtick before a dot or at the end closes; a backslash before such a one makes it part of the name. */
function quotedStep(text: string, start: number): Step {
  let step = '';
  for (let at = start + 1; at < text.length; at++) {
    const closes = text[at] === '`' && (at + 1 === text.length || text[at + 1] === '.');
    if (!closes) step += text[at];
    else if (text[at - 1] !== '\\') return { step, end: at + 1 };
    else if (at + 1 < text.length) step = `${step.slice(0, -1)}\``;
  }
  throw new ConfigError(
    `Incomplete backtick pair in path: [${text}], consider adding a backslash before backtick at position ${start} to escape it`,
  );
}
