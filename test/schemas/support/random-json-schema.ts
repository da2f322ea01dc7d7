/** JSON Schemas by chance, for draft 7. */
import type { Random } from '../../support/random';

export const NAMES = ['a', 'b', 'c', 'a/b', '~'];
export const VALUES = [0, 1, 2.5, -1, 'a', 'ab', '', null, true, [], {}];

/**
 * Leaves out what the rules of compatibility let pass against logic: `required` of names that are not declared, defaults,
 * `oneOf` (whose alternatives may come to overlap) and schemas of patterns.
 */
export class JsonSchemaMaker {
  constructor(readonly random: Random) {}

  schema(depth: number): unknown {
    const kinds = depth > 0 ? 12 : 7;
    switch (this.random.below(kinds)) {
      case 0:
        return this.random.chance(0.5);
      case 1:
        return this.random.chance(0.3) ? {} : { $ref: '#/definitions/d' };
      case 2:
        return { enum: [...new Set(this.#list(1, 4, () => this.random.pick(VALUES)))] };
      case 3:
      case 4:
        return {
          type: 'string',
          ...this.#maybe(0.3, () => ({ maxLength: this.random.below(4) })),
          ...this.#maybe(0.3, () => ({ minLength: this.random.below(3) })),
        };
      case 5:
        return {
          type: this.random.pick(['integer', 'number']),
          ...this.#maybe(0.3, () => ({ maximum: this.random.below(4) })),
          ...this.#maybe(0.3, () => ({ exclusiveMinimum: this.random.below(3) - 2 })),
          ...this.#maybe(0.3, () => ({ multipleOf: this.random.pick([0.5, 1, 2]) })),
        };
      case 6:
        return { type: this.random.pick([['string', 'null'], ['integer', 'string', 'boolean'], ['null']]) };
      case 7:
      case 8:
      case 9:
        return this.object(depth - 1);
      case 10:
        return {
          type: 'array',
          ...this.#maybe(0.7, () => ({
            items: this.random.chance(0.5)
              ? this.schema(depth - 1)
              : this.#list(1, 2, () => this.schema(depth - 1)),
          })),
          ...this.#maybe(0.3, () => ({ additionalItems: this.schema(depth - 1) })),
          ...this.#maybe(0.3, () => ({ maxItems: this.random.below(3) })),
          ...this.#maybe(0.2, () => ({ uniqueItems: true })),
        };
      default:
        return this.random.chance(0.3)
          ? { not: this.schema(depth - 1) }
          : { [this.random.pick(['anyOf', 'allOf'])]: this.#list(1, 3, () => this.schema(depth - 1)) };
    }
  }

  object(depth: number): Record<string, unknown> {
    const properties = Object.fromEntries(this.#some(NAMES).map((name) => [name, this.schema(depth)]));
    const required = this.#some(Object.keys(properties));
    return {
      type: 'object',
      properties,
      ...(required.length > 0 && this.random.chance(0.5) && { required }),
      ...this.#maybe(0.6, () => ({
        additionalProperties: this.random.chance(0.6) ? false : this.schema(depth),
      })),
      ...this.#maybe(0.2, () => ({ maxProperties: this.random.below(4) })),
      ...this.#maybe(0.2, () => ({
        dependencies: {
          [this.random.pick(NAMES)]: this.random.chance(0.5) ? this.#some(NAMES) : this.schema(depth),
        },
      })),
    };
  }

  /** With something that `#/definitions/d` leads to, recursive at times. */
  root(): Record<string, unknown> {
    return {
      ...this.object(3),
      definitions: {
        d: this.random.chance(0.5)
          ? { type: 'string' }
          : { type: 'object', properties: { next: { $ref: '#/definitions/d' }, a: this.schema(1) } },
      },
    };
  }

  #maybe = (share: number, members: () => object): object => (this.random.chance(share) ? members() : {});
  #some = <T>(items: readonly T[]): T[] => items.filter(() => this.random.chance(0.5));
  #list = <T>(least: number, most: number, make: () => T): T[] =>
    Array.from({ length: least + this.random.below(most - least + 1) }, make);
}
