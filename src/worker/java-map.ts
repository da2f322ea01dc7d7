/**
 * Reads what Java's serialization wrote for a `HashMap<byte[], byte[]>`: the offset file of Kafka Connect's standalone
 * mode. Only what such a file can hold (Java Object Serialization Specification, §6.4).
 */
import { ConfigError } from '../kernel';

const MAGIC = 0xaced0005;
const TC_NULL = 0x70;
const TC_REFERENCE = 0x71;
const TC_CLASS_DESCRIPTION = 0x72;
const TC_OBJECT = 0x73;
const TC_ARRAY = 0x75;
const TC_BLOCK_DATA = 0x77;
const TC_END_BLOCK_DATA = 0x78;
const FIRST_HANDLE = 0x7e0000;

export const isJavaSerialized = (bytes: Buffer): boolean =>
  bytes.length >= 4 && bytes.readUInt32BE(0) === MAGIC;

/** Throws ConfigError when the file holds anything else. */
export function readJavaByteMap(bytes: Buffer): [key: Buffer, value: Buffer | null][] {
  try {
    return new JavaReader(bytes).readMap();
  } catch (error) {
    throw new ConfigError('the file is Java-serialized, and not the byte[] → byte[] map of Kafka Connect', {
      cause: error,
    });
  }
}

class JavaReader {
  readonly #bytes: Buffer;
  #at = 4;
  /** What TC_REFERENCE points at: byte arrays, or null for class descriptions and objects. */
  readonly #handles: (Buffer | null)[] = [];

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  readMap(): [Buffer, Buffer | null][] {
    this.#expect(TC_OBJECT);
    this.#classDescription('java.util.HashMap');
    this.#handles.push(null);
    this.#at += 8; // loadFactor (float), threshold (int): the fields of HashMap
    this.#expect(TC_BLOCK_DATA);
    this.#at += 1 + 4; // its length, the capacity
    const size = this.#bytes.readInt32BE(this.#at);
    this.#at += 4;
    const entries: [Buffer, Buffer | null][] = [];
    for (let i = 0; i < size; i++) {
      const key = this.#byteArray();
      const value = this.#byteArray();
      if (key !== null) entries.push([key, value]);
    }
    return entries;
  }

  #byte(): number {
    return this.#bytes.readUInt8(this.#at++);
  }

  #expect(tag: number): void {
    const found = this.#byte();
    if (found !== tag)
      throw new Error(`tag ${found.toString(16)} at ${this.#at - 1} instead of ${tag.toString(16)}`);
  }

  #text(): string {
    const length = this.#bytes.readUInt16BE(this.#at);
    this.#at += 2 + length;
    return this.#bytes.toString('utf8', this.#at - length, this.#at);
  }

  #classDescription(name: string): void {
    const tag = this.#byte();
    if (tag === TC_REFERENCE) {
      this.#at += 4;
      return;
    }
    if (tag !== TC_CLASS_DESCRIPTION) throw new Error(`no class description at ${this.#at - 1}`);
    const found = this.#text();
    if (found !== name) throw new Error(`class ${found} instead of ${name}`);
    this.#at += 8; // serialVersionUID
    this.#handles.push(null);
    this.#at += 1; // flags
    const fields = this.#bytes.readUInt16BE(this.#at);
    this.#at += 2;
    // Both classes have fields of primitive types alone, which carry a type code and a name.
    for (let i = 0; i < fields; i++) {
      this.#at += 1;
      this.#text();
    }
    this.#expect(TC_END_BLOCK_DATA);
    this.#expect(TC_NULL); // no superclass
  }

  #byteArray(): Buffer | null {
    const tag = this.#byte();
    if (tag === TC_NULL) return null;
    if (tag === TC_REFERENCE) {
      this.#at += 4;
      return this.#handles[this.#bytes.readInt32BE(this.#at - 4) - FIRST_HANDLE] ?? null;
    }
    if (tag !== TC_ARRAY) throw new Error(`tag ${tag.toString(16)} instead of an array`);
    this.#classDescription('[B');
    const handle = this.#handles.push(null) - 1;
    const length = this.#bytes.readInt32BE(this.#at);
    this.#at += 4 + length;
    if (length < 0 || this.#at > this.#bytes.length) throw new Error('array longer than the file');
    const array = this.#bytes.subarray(this.#at - length, this.#at);
    this.#handles[handle] = array;
    return array;
  }
}
