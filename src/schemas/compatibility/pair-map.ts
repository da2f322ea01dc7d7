/** What is known of a reader and a writer together; both by identity. */
export class PairMap<K extends object, T> {
  readonly #byReader = new Map<K, Map<K, T>>();

  get(reader: K, writer: K): T | undefined {
    return this.#byReader.get(reader)?.get(writer);
  }

  set(reader: K, writer: K, value: T): void {
    const byWriter = this.#byReader.get(reader);
    if (byWriter === undefined) this.#byReader.set(reader, new Map([[writer, value]]));
    else byWriter.set(writer, value);
  }
}
