/**
 * Regular expressions of schemas, which strangers write. They are never run by the engine's own matcher, which some of them
 * keep busy for years, but by one that takes time proportional to pattern × text: all the ways through the pattern at once
 * (Thompson 1968). The engine only ever sees a single character.
 */

/** Inline flags, which Java knows and JavaScript does not. */
const INLINE_FLAGS = /\(\?[a-zA-Z]*(?:-[a-zA-Z]+)?([:)])/g;

/** Whether this is a pattern for anybody: with or without Unicode mode, or in Java. */
export function isPattern(source: string): boolean {
  if (flagsOf(source) !== null) return true;
  return flagsOf(source.replace(INLINE_FLAGS, (_flags, end) => (end === ':' ? '(?:' : '(?:)'))) !== null;
}

function flagsOf(source: string): '' | 'u' | null {
  for (const flags of ['u', ''] as const) {
    try {
      new RegExp(source, flags);
      return flags;
    } catch {}
  }
  return null;
}

type CharacterTest = (character: string) => boolean;

type Instruction =
  | { readonly op: 'character'; readonly test: CharacterTest }
  | { readonly op: 'split'; to: number }
  | { readonly op: 'jump'; to: number }
  | { readonly op: 'begin' }
  | { readonly op: 'end' }
  | { readonly op: 'boundary'; readonly wanted: boolean }
  | { readonly op: 'look'; readonly program: Program; readonly wanted: boolean }
  | { readonly op: 'match' };

type Program = readonly Instruction[];

/** A pattern that is ready to be looked for. */
export interface CompiledPattern {
  readonly program: Program;
  readonly unicode: boolean;
}

type Node =
  | { readonly is: 'character'; readonly test: CharacterTest }
  | { readonly is: 'sequence' | 'choice'; readonly nodes: readonly Node[] }
  | { readonly is: 'repeat'; readonly node: Node; readonly min: number; readonly max: number }
  | { readonly is: 'assertion'; readonly instruction: Instruction }
  | { readonly is: 'look'; readonly node: Node; readonly wanted: boolean };

const MAX_INSTRUCTIONS = 4000;
const MAX_NESTING = 60;
const MAX_TEXT = 1000;
const MAX_OPERATIONS = 500_000;

/** Null for what cannot be matched this way: back references, looking behind, dialects of others, and patterns too large. */
export function compilePattern(source: string): CompiledPattern | null {
  const flags = flagsOf(source);
  if (flags === null) return null;
  try {
    const node = new PatternParser(source, flags).parse();
    const program = new Emitter().emit(node);
    return { program, unicode: flags === 'u' };
  } catch (error) {
    if (error instanceof NotServed) return null;
    throw error;
  }
}

/** Internal: leaves the recursion; never seen outside. */
class NotServed extends Error {}

/** The source is known to be well-formed. */
class PatternParser {
  #at = 0;
  #nesting = 0;
  readonly #tests = new Map<string, CharacterTest>();

  constructor(
    readonly source: string,
    readonly flags: string,
  ) {}

  parse(): Node {
    const node = this.#choice();
    if (this.#at < this.source.length) throw new NotServed();
    return node;
  }

  #choice(): Node {
    if (++this.#nesting > MAX_NESTING) throw new NotServed();
    const nodes = [this.#sequence()];
    while (this.#accept('|')) nodes.push(this.#sequence());
    this.#nesting--;
    return nodes.length === 1 ? nodes[0]! : { is: 'choice', nodes };
  }

  #sequence(): Node {
    const nodes: Node[] = [];
    while (this.#at < this.source.length && !'|)'.includes(this.source[this.#at]!)) {
      nodes.push(this.#quantified(this.#term()));
    }
    return { is: 'sequence', nodes };
  }

  #quantified(node: Node): Node {
    const counts = this.#take(/[*+?]|\{\d+(?:,\d*)?\}/y);
    if (counts === null) return node;
    this.#accept('?');
    const [, least, comma, most] = /^\{(\d+)(,?)(\d*)\}$/.exec(counts) ?? [];
    if (least !== undefined) {
      const min = Number(least);
      const max = comma === '' ? min : most === '' ? Number.POSITIVE_INFINITY : Number(most);
      return { is: 'repeat', node, min, max };
    }
    return {
      is: 'repeat',
      node,
      min: counts === '+' ? 1 : 0,
      max: counts === '?' ? 1 : Number.POSITIVE_INFINITY,
    };
  }

  #term(): Node {
    if (this.#accept('^')) return { is: 'assertion', instruction: { op: 'begin' } };
    if (this.#accept('$')) return { is: 'assertion', instruction: { op: 'end' } };
    if (this.#accept('(')) return this.#group();
    const boundary = this.#take(/\\[bB]/y);
    if (boundary !== null) {
      return { is: 'assertion', instruction: { op: 'boundary', wanted: boundary === '\\b' } };
    }
    return { is: 'character', test: this.#test(this.#character()) };
  }

  #group(): Node {
    const kind = this.#take(/\?(?:[:=!]|<[=!]|<[^>]*>)/y) ?? '';
    if (kind === '?<=' || kind === '?<!') throw new NotServed();
    const node = this.#choice();
    if (!this.#accept(')')) throw new NotServed();
    if (kind === '?=' || kind === '?!') return { is: 'look', node, wanted: kind === '?=' };
    return node;
  }

  /** The source of what matches one character. */
  #character(): string {
    const coded = this.#take(
      /\\(?:u\{[^}]*\}|u[\da-fA-F]{4}(?:\\u[dD][c-fC-F][\da-fA-F]{2})?|x[\da-fA-F]{2}|c[a-zA-Z]|[pP]\{[^}]*\}|0(?!\d))/y,
    );
    if (coded !== null) return coded;
    if (this.#take(/\\[\dk]/y) !== null) throw new NotServed();
    const found =
      this.#take(/\\.|\[(?:\\.|[^\]\\])*\]/suy) ?? this.#take(this.flags === 'u' ? /./suy : /./sy);
    if (found === null) throw new NotServed();
    return found;
  }

  #test(source: string): CharacterTest {
    const known = this.#tests.get(source);
    if (known !== undefined) return known;
    const single = new RegExp(`^(?:${source})$`, this.flags);
    const answers = new Map<string, boolean>();
    const test = (character: string): boolean => {
      const answer = answers.get(character) ?? single.test(character);
      answers.set(character, answer);
      return answer;
    };
    this.#tests.set(source, test);
    return test;
  }

  #accept(character: string): boolean {
    if (this.source[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #take(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.source)?.[0] ?? null;
    if (found !== null) this.#at += found.length;
    return found;
  }
}

/** Writes a pattern as a program; repetitions are written out. */
class Emitter {
  readonly program: Instruction[] = [];
  /** Of instructions, and of nodes that add none: `(){2000}` in itself is large, too. */
  #left = MAX_INSTRUCTIONS;

  emit(root: Node): Program {
    this.#node(root);
    this.#push({ op: 'match' });
    return this.program;
  }

  #node(node: Node): void {
    this.#spend();
    if (node.is === 'character') this.#push({ op: 'character', test: node.test });
    else if (node.is === 'assertion') this.#push(node.instruction);
    else if (node.is === 'choice') this.#choice(node.nodes);
    else if (node.is === 'repeat') this.#repeat(node);
    else if (node.is === 'look') {
      this.#push({ op: 'look', program: new Emitter().emit(node.node), wanted: node.wanted });
    } else for (const each of node.nodes) this.#node(each);
  }

  #choice(nodes: readonly Node[]): void {
    const ends: { to: number }[] = [];
    for (const node of nodes.slice(0, -1)) {
      const split = this.#push({ op: 'split', to: 0 });
      this.#node(node);
      ends.push(this.#push({ op: 'jump', to: 0 }));
      split.to = this.program.length;
    }
    this.#node(nodes.at(-1)!);
    for (const end of ends) end.to = this.program.length;
  }

  #repeat({ node, min, max }: Extract<Node, { is: 'repeat' }>): void {
    for (let i = 0; i < min; i++) this.#node(node);
    if (max === Number.POSITIVE_INFINITY) {
      const start = this.program.length;
      this.#optional(node, () => this.#push({ op: 'jump', to: start }));
    } else {
      for (let i = min; i < max; i++) this.#optional(node);
    }
  }

  #optional(node: Node, then?: () => void): void {
    const split = this.#push({ op: 'split', to: 0 });
    this.#node(node);
    then?.();
    split.to = this.program.length;
  }

  #push<I extends Instruction>(instruction: I): I {
    this.#spend();
    this.program.push(instruction);
    return instruction;
  }

  #spend(): void {
    if (--this.#left < 0) throw new NotServed();
  }
}

/**
 * Whether the pattern is somewhere in the text; null when that takes too long to tell.
 * @param spent told the number of operations
 */
export function findPattern(
  { program, unicode }: CompiledPattern,
  text: string,
  spent: (operations: number) => void,
): boolean | null {
  const characters = unicode ? [...text] : text.split('');
  if (characters.length > MAX_TEXT) return null;
  const search = new Search(characters);
  const found = search.run(program, 0, false);
  spent(search.operations);
  return search.operations > MAX_OPERATIONS ? null : found;
}

class Search {
  operations = 0;

  constructor(readonly text: readonly string[]) {}

  run(program: Program, from: number, anchored: boolean): boolean {
    let active: number[] = [];
    for (let at = from; at <= this.text.length; at++) {
      const starts = anchored && at > from ? active : [...active, 0];
      const reached = this.#follow(program, starts, at);
      if (reached === null) return true;
      active = this.#advance(program, reached, at);
      if (this.operations > MAX_OPERATIONS || (anchored && active.length === 0)) return false;
    }
    return false;
  }

  /** The instructions that wait for a character; null when one of the ways is at its end. */
  #follow(program: Program, starts: readonly number[], at: number): number[] | null {
    const seen = new Set<number>();
    const pending = [...starts].reverse();
    const waiting: number[] = [];
    for (let pc = pending.pop(); pc !== undefined; pc = pending.pop()) {
      if (seen.has(pc)) continue;
      seen.add(pc);
      if (++this.operations > MAX_OPERATIONS) return [];
      const instruction = program[pc]!;
      if (instruction.op === 'match') return null;
      if (instruction.op === 'character') waiting.push(pc);
      else if (instruction.op === 'jump') pending.push(instruction.to);
      else if (instruction.op === 'split') pending.push(instruction.to, pc + 1);
      else if (this.#holds(instruction, at)) pending.push(pc + 1);
    }
    return waiting;
  }

  #advance(program: Program, waiting: readonly number[], at: number): number[] {
    const character = this.text[at];
    if (character === undefined) return [];
    this.operations += waiting.length;
    return waiting
      .filter((pc) => (program[pc] as Extract<Instruction, { op: 'character' }>).test(character))
      .map((pc) => pc + 1);
  }

  #holds(
    instruction: Extract<Instruction, { op: 'begin' | 'end' | 'boundary' | 'look' }>,
    at: number,
  ): boolean {
    switch (instruction.op) {
      case 'begin':
        return at === 0;
      case 'end':
        return at === this.text.length;
      case 'boundary':
        return (isWord(this.text[at - 1]) !== isWord(this.text[at])) === instruction.wanted;
      case 'look':
        return this.run(instruction.program, at, true) === instruction.wanted;
    }
  }
}

const isWord = (character: string | undefined): boolean => character !== undefined && /^\w$/.test(character);
