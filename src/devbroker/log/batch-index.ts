/** Where each batch of a segment is: 32 bytes a batch, in typed arrays that double. */
const FIRST_CAPACITY = 4;

export class BatchIndex {
  length = 0;
  #base = new Float64Array(FIRST_CAPACITY);
  #last = new Float64Array(FIRST_CAPACITY);
  #position = new Float64Array(FIRST_CAPACITY);
  #maxTimestamp = new Float64Array(FIRST_CAPACITY);

  add(base: number, last: number, position: number, maxTimestamp: number): void {
    if (this.length === this.#base.length) this.#grow();
    const at = this.length++;
    this.#base[at] = base;
    this.#last[at] = last;
    this.#position[at] = position;
    this.#maxTimestamp[at] = maxTimestamp;
  }

  #grow(): void {
    const grown = (old: Float64Array): Float64Array<ArrayBuffer> => {
      const array = new Float64Array(2 * old.length);
      array.set(old);
      return array;
    };
    this.#base = grown(this.#base);
    this.#last = grown(this.#last);
    this.#position = grown(this.#position);
    this.#maxTimestamp = grown(this.#maxTimestamp);
  }

  base(at: number): number {
    return this.#base[at]!;
  }

  last(at: number): number {
    return this.#last[at]!;
  }

  position(at: number): number {
    return this.#position[at]!;
  }

  maxTimestamp(at: number): number {
    return this.#maxTimestamp[at]!;
  }

  /** The first batch that ends at or after the offset; `length` when there is none. */
  find(offset: number): number {
    return firstAtLeast(this.#last, this.length, offset);
  }

  /** How many batches begin before the offset. */
  countBefore(offset: number): number {
    return firstAtLeast(this.#base, this.length, offset);
  }

  /** How many batches begin before the position. */
  countBeforePosition(position: number): number {
    return firstAtLeast(this.#position, this.length, position);
  }

  /** The first batch from `from` on with a record of at least this time; `length` when there is none. */
  findTimestamp(timestamp: number, from: number): number {
    let at = from;
    while (at < this.length && this.#maxTimestamp[at]! < timestamp) at++;
    return at;
  }
}

function firstAtLeast(sorted: Float64Array, length: number, wanted: number): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
