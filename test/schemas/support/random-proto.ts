/** `.proto` files by chance: messages in messages, enums, oneofs, maps, options, and comments and blanks between. */
import type { Random } from '../../support/random';

const SCALARS = [
  'int32',
  'sint64',
  'uint32',
  'fixed64',
  'sfixed32',
  'double',
  'float',
  'bool',
  'string',
  'bytes',
];
const KEYS = ['int32', 'string', 'bool', 'fixed64'];
const BLANKS = [' ', '\n', '  ', ' /* a note */ ', ' // a note\n'];

export class ProtoMaker {
  /** Messages that are complete, by names that mean them from everywhere. */
  readonly #messages: string[] = [];
  readonly #enums: string[] = [];
  #count = 0;

  constructor(readonly random: Random) {}

  file(): string {
    const { random } = this;
    const space = random.chance(0.5) ? 'a.b' : '';
    const head = [
      'syntax = "proto3";',
      space === '' ? '' : `package ${space};`,
      random.chance(0.3) ? 'import "google/protobuf/timestamp.proto";' : '',
      random.chance(0.3) ? 'option java_package = "x.y";' : '',
    ];
    if (head[2] !== '') this.#messages.push('google.protobuf.Timestamp');
    const types = Array.from({ length: 1 + random.below(3) }, () =>
      random.chance(0.2) ? this.#enum(space) : this.#message(space, 2),
    );
    return [...head, ...types].join(random.pick(BLANKS));
  }

  #message(parent: string, depth: number): string {
    const { random } = this;
    const name = `M${this.#count++}`;
    const full = parent === '' ? name : `${parent}.${name}`;
    const nested = Array.from({ length: depth > 0 ? random.below(3) : 0 }, () =>
      random.chance(0.3) ? this.#enum(full) : this.#message(full, depth - 1),
    );
    this.#messages.push(full);
    let tag = 0;
    const next = () => (tag += 1 + random.below(3));
    const fields = Array.from({ length: random.below(5) }, () => this.#field(next()));
    if (random.chance(0.2)) fields.push(this.#oneof(next));
    if (random.chance(0.2)) fields.push('reserved 1000 to 1010, 2000;');
    return `message ${name}${random.pick(BLANKS)}{ ${[...nested, ...fields].join(random.pick(BLANKS))} }`;
  }

  #field(tag: number): string {
    const { random } = this;
    if (random.chance(0.15)) return `map<${random.pick(KEYS)}, ${this.#type()}> f${tag} = ${tag};`;
    const label = random.pick(['', '', 'repeated ', 'optional ']);
    const options = random.pick(['', '', ' [deprecated = true]', ` [json_name = "j${tag}"]`]);
    return `${label}${this.#type()} f${tag} = ${tag}${options};`;
  }

  #oneof(tag: () => number): string {
    const members = Array.from({ length: 1 + this.random.below(3) }, tag);
    return `oneof o { ${members.map((each) => `${this.#type()} f${each} = ${each};`).join(' ')} }`;
  }

  #type(): string {
    const { random } = this;
    const named = random.chance(0.5) ? this.#messages : this.#enums;
    if (named.length > 0 && random.chance(0.4)) return `.${random.pick(named)}`;
    return random.pick(SCALARS);
  }

  #enum(parent: string): string {
    const name = `E${this.#count++}`;
    this.#enums.push(parent === '' ? name : `${parent}.${name}`);
    const values = Array.from({ length: 1 + this.random.below(3) }, (_, i) => `${name}_${i} = ${i};`);
    return `enum ${name} { ${values.join(' ')} }`;
  }
}
