/** As much of DER (X.690) as PKCS12 stores need: a tree of elements over the bytes. */

export interface Element {
  /** The identifier octet, class and constructed bit included. */
  readonly tag: number;
  readonly body: Buffer;
}

export const OCTET_STRING = 0x04;
const LONG_FORM = 0x80;

/** Elements one after the other. Throws RangeError for bytes that are no DER. */
export function readElements(bytes: Buffer): Element[] {
  const elements: Element[] = [];
  for (let at = 0; at < bytes.length; ) {
    const { element, end } = readElement(bytes, at);
    elements.push(element);
    at = end;
  }
  return elements;
}

function readElement(bytes: Buffer, start: number): { element: Element; end: number } {
  const tag = bytes[start]!;
  let at = start + 2;
  let length = bytes.readUInt8(start + 1);
  if (length >= LONG_FORM) {
    const octets = length - LONG_FORM;
    // No length needs more than four; 0 would be the indefinite form, which DER does not have.
    if (octets < 1 || octets > 4) throw new RangeError('It is no DER.');
    length = bytes.readUIntBE(at, octets);
    at += octets;
  }
  if (at + length > bytes.length) throw new RangeError('It ends too early.');
  return { element: { tag, body: bytes.subarray(at, at + length) }, end: at + length };
}

/** Children of a constructed element. */
export const children = ({ body }: Element): Element[] => readElements(body);

/** `1.2.840.113549.1.7.1` */
export function oid({ body }: Element): string {
  const numbers: number[] = [];
  let value = 0;
  for (const octet of body) {
    value = value * 128 + (octet & 0x7f);
    if (octet < 0x80) {
      numbers.push(value);
      value = 0;
    }
  }
  const [first = 0, ...rest] = numbers;
  const root = Math.min(2, Math.floor(first / 40));
  return [root, first - root * 40, ...rest].join('.');
}

/** A non-negative integer of at most six octets. */
export const integer = ({ body }: Element): number => body.readUIntBE(0, body.length);
