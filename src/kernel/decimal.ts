import { DataError } from './errors';

const TEXT = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;

/** An exact decimal: `unscaled × 10^-scale`, as Connect's Decimal (Java's BigDecimal) holds it. */
export class Decimal {
  constructor(
    readonly unscaled: bigint,
    readonly scale: number,
  ) {}

  /** From `-12.340`, `1e3`; the scale is that of the text. Throws DataError for anything else. */
  static parse(text: string): Decimal {
    const match = TEXT.exec(text.trim());
    const digits = (match?.[2] ?? '') + (match?.[3] ?? '');
    if (match === null || digits === '')
      throw new DataError(`${JSON.stringify(text)} is not a decimal number`);
    const scale = (match[3]?.length ?? 0) - Number(match[4] ?? 0);
    const magnitude = BigInt(digits);
    return new Decimal(match[1] === '-' ? -magnitude : magnitude, scale);
  }

  /** From Connect's bytes: two's complement, big-endian. */
  static fromBytes(bytes: Uint8Array, scale: number): Decimal {
    if (bytes.length === 0) return new Decimal(0n, scale);
    const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
    return new Decimal(BigInt.asIntN(bytes.length * 8, BigInt(`0x${hex}`)), scale);
  }

  /** The shortest two's complement, big-endian. */
  toBytes(): Buffer {
    const magnitude = this.unscaled < 0n ? ~this.unscaled : this.unscaled;
    const length = Math.floor(magnitude === 0n ? 1 : magnitude.toString(2).length / 8 + 1);
    const hex = BigInt.asUintN(length * 8, this.unscaled).toString(16);
    return Buffer.from(hex.padStart(length * 2, '0'), 'hex');
  }

  /** The same number at another scale. Throws DataError when digits would be lost. */
  withScale(scale: number): Decimal {
    if (scale === this.scale) return this;
    if (scale > this.scale) return new Decimal(this.unscaled * 10n ** BigInt(scale - this.scale), scale);
    const divisor = 10n ** BigInt(this.scale - scale);
    if (this.unscaled % divisor !== 0n) throw new DataError(`${this} has more than ${scale} decimal places`);
    return new Decimal(this.unscaled / divisor, scale);
  }

  toNumber(): number {
    return Number(this.toString());
  }

  /** Plain notation without exponent. */
  toString(): string {
    if (this.scale <= 0) return (this.unscaled * 10n ** BigInt(-this.scale)).toString();
    const sign = this.unscaled < 0n ? '-' : '';
    const digits = (this.unscaled < 0n ? -this.unscaled : this.unscaled)
      .toString()
      .padStart(this.scale + 1, '0');
    const point = digits.length - this.scale;
    return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
  }

  toJSON(): string {
    return this.toString();
  }
}
