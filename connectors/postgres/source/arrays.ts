/** Arrays in the server's layout: dimensions, whether nulls occur, element type, extent of each dimension, elements. */
import { DataError } from '../../../src/plugin';
import type { Decode } from './row-stream';
import { readInt32 } from './scalars';

const HEAD_BYTES = 12;
const DIMENSION_BYTES = 8;

export const arrayDecoder =
  (decode: Decode): Decode =>
  (bytes, at) => {
    const dimensions = readInt32(bytes, at);
    if (dimensions === 0) return [];
    if (dimensions > 1)
      throw new DataError(`an array of ${dimensions} dimensions has no Connect type`, {
        hint: 'Set array.handling=string to get arrays as Postgres writes them.',
      });
    const items = new Array<unknown>(readInt32(bytes, at + HEAD_BYTES));
    let next = at + HEAD_BYTES + DIMENSION_BYTES;
    for (let i = 0; i < items.length; i++) {
      const length = readInt32(bytes, next);
      next += 4;
      items[i] = length < 0 ? null : decode(bytes, next, length);
      next += Math.max(0, length);
    }
    return items;
  };
