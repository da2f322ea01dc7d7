/** What came from config providers is shown as it was written: in values, in errors, and where it names transforms. */
import type { GivenConfig } from './context';
import type { ConfigInfo, ConfigInfos } from './infos';

/** Pieces too short or too plain to tell anything would be found in any sentence. */
const LEAST_PIECE = 4;
const PLAIN = /^(true|false|none|null|\d+)$/i;

/** Their elements become parts of key names. */
const LISTS_OF_ALIASES = ['transforms', 'predicates'];

export function hideReferences(infos: ConfigInfos, written: GivenConfig, resolved: GivenConfig): ConfigInfos {
  const referenced = Object.keys(written).filter((key) => written[key] !== resolved[key]);
  if (referenced.length === 0) return infos;
  const hide = hider(referenced, written, resolved);
  const hideName = hider(
    referenced.filter((key) => LISTS_OF_ALIASES.includes(key)),
    written,
    resolved,
  );
  const shown = (info: ConfigInfo): ConfigInfo => named(valued(info, referenced, written, hide), hideName);
  return { ...infos, groups: infos.groups.map(hideName), configs: infos.configs.map(shown) };
}

type Hide = (text: string) => string;

function hider(keys: readonly string[], written: GivenConfig, resolved: GivenConfig): Hide {
  const pieces = keys.flatMap((key) =>
    piecesOf(resolved[key]).map((piece) => [piece, written[key]!] as const),
  );
  pieces.sort(([a], [b]) => b.length - a.length);
  return (text) =>
    pieces.reduce((hidden, [piece, reference]) => hidden.replaceAll(piece, () => reference), text);
}

function piecesOf(resolved: string | null | undefined): string[] {
  if (typeof resolved !== 'string') return [];
  const pieces = [resolved, resolved.trim(), ...resolved.split(',').map((piece) => piece.trim())];
  return [...new Set(pieces)].filter((piece) => piece.length >= LEAST_PIECE && !PLAIN.test(piece));
}

function valued(
  info: ConfigInfo,
  referenced: readonly string[],
  written: GivenConfig,
  hide: Hide,
): ConfigInfo {
  const { value } = info;
  if (value === null) return info;
  const own = referenced.includes(value.name) ? written[value.name]! : null;
  const isShown = own !== null && value.value !== null && value.value !== '[hidden]';
  const errors = value.errors.map((message) => hide(own === null ? message : hideInvalid(message, own)));
  return { ...info, value: { ...value, value: isShown ? own : value.value, errors } };
}

/** The form in which values are refused: parsed, and so not always as they were given. */
const hideInvalid = (message: string, written: string): string =>
  message.replace(
    /^Invalid value [\s\S]*? for configuration /,
    () => `Invalid value ${written} for configuration `,
  );

function named({ definition, value }: ConfigInfo, hide: Hide): ConfigInfo {
  return {
    definition: definition && {
      ...definition,
      name: hide(definition.name),
      group: definition.group === null ? null : hide(definition.group),
      display_name: hide(definition.display_name),
    },
    value: value && { ...value, name: hide(value.name) },
  };
}
