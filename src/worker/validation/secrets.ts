/** What came from config providers is shown as it was written, in values and in the texts of errors. */

import type { GivenConfig } from './context';
import type { ConfigInfo, ConfigInfos } from './infos';

/** Shorter pieces of a list are not worth looking for: they would be found in any sentence. */
const LEAST_PIECE = 4;

export function hideReferences(infos: ConfigInfos, written: GivenConfig, resolved: GivenConfig): ConfigInfos {
  const referenced = Object.keys(written).filter((key) => written[key] !== resolved[key]);
  if (referenced.length === 0) return infos;
  const hide = (text: string): string => {
    let hidden = text;
    for (const key of referenced) {
      for (const piece of piecesOf(resolved[key])) hidden = hidden.replaceAll(piece, written[key]!);
    }
    return hidden;
  };
  const shown = (info: ConfigInfo): ConfigInfo => {
    const { value } = info;
    if (value === null) return info;
    const own = referenced.includes(value.name) ? written[value.name]! : null;
    const isShown = own !== null && value.value !== null && value.value !== '[hidden]';
    const errors = value.errors.map((message) => hide(own === null ? message : hideInvalid(message, own)));
    return { ...info, value: { ...value, value: isShown ? own : value.value, errors } };
  };
  return { ...infos, configs: infos.configs.map(shown) };
}

/** The form in which values are refused: parsed, and so not always as they were given. */
const hideInvalid = (message: string, written: string): string =>
  message.replace(
    /^Invalid value [\s\S]*? for configuration /,
    () => `Invalid value ${written} for configuration `,
  );

function piecesOf(resolved: string | null | undefined): string[] {
  if (typeof resolved !== 'string') return [];
  const pieces = resolved.split(',').map((piece) => piece.trim());
  const worth = [resolved, resolved.trim(), ...pieces].filter((piece) => piece.length >= LEAST_PIECE);
  return [...new Set(worth)].sort((a, b) => b.length - a.length);
}
