/**
 * Makes avsc safe for bytes from anywhere. As it comes, it believes the item counts of arrays and maps (five bytes can
 * exhaust the memory), follows negative block sizes backwards for ever, and lets a map key replace the prototype of the
 * decoded object.
 */
import { types } from 'avsc';
import { DataError } from '../../kernel';

/** Items that take no bytes, in one array or map. */
const MAX_EMPTY_ITEMS = 65_536;

/** avsc's cursor. Reading beyond the end gives zeros and undefined, and leaves it invalid. */
interface Tap {
  pos: number;
  readonly buf: Buffer;
  isValid(): boolean;
  readLong(): number;
  readString(): string;
  skipString(): void;
}

interface Codec {
  _read(tap: Tap): unknown;
  _skip(tap: Tap): void;
}

interface ArrayCodec {
  readonly itemsType: Codec;
}

interface MapCodec {
  readonly valuesType: Codec;
}

let installed = false;

/** Replaces the four functions, once; must run before the first type is made. */
export function guardAvsc(): void {
  if (installed) return;
  installed = true;
  const array = types.ArrayType.prototype as unknown as Codec;
  const map = types.MapType.prototype as unknown as Codec;
  array._read = readArray;
  array._skip = skipArray;
  map._read = readMap;
  map._skip = skipMap;
}

function readArray(this: ArrayCodec, tap: Tap): unknown[] {
  const items: unknown[] = [];
  const { itemsType } = this;
  eachItem(tap, () => void items.push(itemsType._read(tap)));
  return items;
}

function readMap(this: MapCodec, tap: Tap): Record<string, unknown> {
  const map: Record<string, unknown> = Object.create(null);
  const { valuesType } = this;
  eachItem(tap, () => {
    const key = tap.readString();
    map[key] = valuesType._read(tap);
  });
  return map;
}

function eachItem(tap: Tap, read: () => void): void {
  let empty = 0;
  for (let count = blockCount(tap); count > 0; count = blockCount(tap)) {
    for (let i = 0; i < Math.abs(count); i++) {
      const before = tap.pos;
      read();
      if (!tap.isValid()) throw new DataError('Truncated Avro data in an array or map');
      if (tap.pos === before && ++empty > MAX_EMPTY_ITEMS) {
        throw new DataError(`Corrupt Avro data: more than ${MAX_EMPTY_ITEMS} items that take no bytes`);
      }
    }
  }
}

/** Items of the next block. */
function blockCount(tap: Tap): number {
  const count = tap.readLong();
  if (count >= 0) return count;
  blockSize(tap);
  return -count;
}

function blockSize(tap: Tap): number {
  const size = tap.readLong();
  if (size < 0 || size > tap.buf.length - tap.pos) {
    throw new DataError(
      `Corrupt Avro data: a block of ${size} bytes where ${tap.buf.length - tap.pos} are left`,
    );
  }
  return size;
}

function skipArray(this: ArrayCodec, tap: Tap): void {
  skipItems(tap, () => this.itemsType._skip(tap));
}

function skipMap(this: MapCodec, tap: Tap): void {
  skipItems(tap, () => {
    tap.skipString();
    this.valuesType._skip(tap);
  });
}

/** A block that says its size is passed over whole. */
function skipItems(tap: Tap, skip: () => void): void {
  let empty = 0;
  for (let count = tap.readLong(); count !== 0; count = tap.readLong()) {
    if (count < 0) {
      const size = blockSize(tap);
      tap.pos += size;
      continue;
    }
    for (let i = 0; i < count; i++) {
      const before = tap.pos;
      skip();
      if (!tap.isValid()) throw new DataError('Truncated Avro data in an array or map');
      if (tap.pos === before && ++empty > MAX_EMPTY_ITEMS) {
        throw new DataError(`Corrupt Avro data: more than ${MAX_EMPTY_ITEMS} items that take no bytes`);
      }
    }
  }
}
