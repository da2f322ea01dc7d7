/** Values of Kafka's configs: types, limits, and the words in which Kafka refuses them. Source: ConfigDef, Kafka 4.1. */
import { Code, Refusal } from '../refusal';

export type ConfigType = 'BOOLEAN' | 'STRING' | 'INT' | 'LONG' | 'DOUBLE' | 'LIST' | 'CLASS' | 'PASSWORD';

/** Whole numbers are bigints: Kafka's go up to 2^63 - 1. */
export type ConfigValue = boolean | string | bigint | number | readonly string[];

/** Answers what is wrong with a value, null for nothing. */
export type Check = (value: ConfigValue) => { readonly value: string; readonly reason: string } | null;

export interface ConfigKey {
  readonly name: string;
  readonly type: ConfigType;
  /** As text; null: none. */
  readonly fallback: string | null;
  readonly check?: Check;
}

const shown = (value: ConfigValue): string =>
  typeof value === 'object' ? value.join(',') : typeof value === 'number' ? showDouble(value) : String(value);

/** Java writes at least one digit after the point. */
const showDouble = (value: number): string => (Number.isInteger(value) ? value.toFixed(1) : String(value));

export const atLeast =
  (least: number): Check =>
  (value) =>
    Number(value) >= least ? null : { value: shown(value), reason: `Value must be at least ${least}` };

export const between =
  (least: number, most: number): Check =>
  (value) => {
    if (Number(value) > most) return { value: shown(value), reason: `Value must be no more than ${most}` };
    return atLeast(least)(value);
  };

/** Levels of gzip. */
export const betweenOr =
  (least: number, most: number, other: number): Check =>
  (value) => {
    const number = Number(value);
    const fits = number === other || (number >= least && number <= most);
    return fits
      ? null
      : { value: shown(value), reason: `Value must be between ${least} and ${most} or equal to ${other}` };
  };

export const oneOf =
  (...choices: readonly string[]): Check =>
  (value) => {
    const wrong = (typeof value === 'object' ? value : [String(value)]).find(
      (each) => !choices.includes(each),
    );
    return wrong === undefined
      ? null
      : { value: wrong, reason: `String must be one of: ${choices.join(', ')}` };
  };

const LIMITS = {
  INT: [-(2n ** 31n), 2n ** 31n - 1n],
  LONG: [-(2n ** 63n), 2n ** 63n - 1n],
} as const;

const refuse = (name: string, value: string, reason: string): never => {
  throw new Refusal(Code.INVALID_CONFIG, `Invalid value ${value} for configuration ${name}: ${reason}`);
};

/** @throws Refusal INVALID_CONFIG in Kafka's words */
export function parseConfig(key: ConfigKey, text: string): ConfigValue {
  const value = parse(key, text.trim());
  const wrong = key.check?.(value) ?? null;
  return wrong === null ? value : refuse(key.name, wrong.value, wrong.reason);
}

function parse({ name, type }: ConfigKey, text: string): ConfigValue {
  switch (type) {
    case 'BOOLEAN':
      if (!/^(true|false)$/i.test(text))
        return refuse(name, text, 'Expected value to be either true or false');
      return text.toLowerCase() === 'true';
    case 'INT':
    case 'LONG':
      return parseWhole(name, type, text);
    case 'DOUBLE':
      return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)
        ? Number(text)
        : refuse(name, text, 'Not a number of type DOUBLE');
    case 'LIST':
      return text === '' ? [] : text.split(/\s*,\s*/);
    default:
      return text;
  }
}

function parseWhole(name: string, type: 'INT' | 'LONG', text: string): bigint {
  const refused = () => refuse(name, text, `Not a number of type ${type}`);
  if (!/^[+-]?\d{1,30}$/.test(text)) return refused();
  const value = BigInt(text.replace('+', ''));
  const [least, most] = LIMITS[type];
  return value < least || value > most ? refused() : value;
}

/** As a broker shows it: numbers without leading zeros, lists without blanks. */
export const normalizeConfig = (key: ConfigKey, text: string): string => shown(parseConfig(key, text));
