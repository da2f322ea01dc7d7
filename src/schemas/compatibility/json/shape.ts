/**
 * Schemas as the checker sees them: what kind of schema it is, whatever way it is written. Keywords for several types, and
 * anything beside `anyOf`, `enum` and so on, make an `allOf` of parts; a list of types makes an `anyOf`.
 */
import { isSchema, refOf, refStandsAlone, type SchemaJson } from '../../json-schema/draft';
import type { SchemaSet } from '../../json-schema/schema-set';
import type { JsonSchema } from '../../json-schema/schema-text';
import type { Json, JsonObject } from '../../json-text';
import { valueKey } from './decimal';

interface Common {
  /** What it is written as. */
  readonly json: Json;
  /** A schema within it; missing ones allow everything. */
  child(json: Json | undefined): Shape;
}

/** Everything, nothing, or unknown: a `$ref` to nowhere in a schema that was stored long ago. */
export interface PlainShape extends Common {
  readonly kind: 'any' | 'never' | 'unknown';
}

/** What holds for values of one type. */
export interface TypedShape extends Common {
  readonly kind: 'string' | 'number' | 'boolean' | 'null' | 'object' | 'array';
  readonly json: JsonObject;
  /** Whether values of other types are refused. */
  readonly typed: boolean;
  readonly integer: boolean;
}

export interface EnumShape extends Common {
  readonly kind: 'enum';
  readonly json: JsonObject;
  readonly keyword: 'enum' | 'const';
  readonly values: ReadonlySet<string>;
}

export type Criterion = 'allOf' | 'anyOf' | 'oneOf';

export interface CombinedShape extends Common {
  readonly kind: 'combined';
  readonly criterion: Criterion;
  /** Written as `allOf` and so on, rather than by keywords side by side or a list of types. */
  readonly explicit: boolean;
  /** Each once. */
  branches(): readonly Branch[];
}

export interface Branch {
  readonly shape: Shape;
  /** Equal for branches that are written alike. */
  readonly text: string;
}

export interface NotShape extends Common {
  readonly kind: 'not';
  readonly json: JsonObject;
}

export interface ConditionalShape extends Common {
  readonly kind: 'conditional';
  readonly json: JsonObject;
}

export type Shape = PlainShape | TypedShape | EnumShape | CombinedShape | NotShape | ConditionalShape;

const KEYWORDS: Readonly<Partial<Record<TypedShape['kind'], readonly string[]>>> = {
  string: ['maxLength', 'minLength', 'pattern'],
  number: ['maximum', 'minimum', 'exclusiveMaximum', 'exclusiveMinimum', 'multipleOf'],
  object: [
    'properties',
    'required',
    'patternProperties',
    'additionalProperties',
    'unevaluatedProperties',
    'maxProperties',
    'minProperties',
    'propertyNames',
    'dependencies',
    'dependentRequired',
    'dependentSchemas',
  ],
  array: [
    'items',
    'prefixItems',
    'additionalItems',
    'unevaluatedItems',
    'contains',
    'maxContains',
    'minContains',
    'maxItems',
    'minItems',
    'uniqueItems',
  ],
};

const KIND_OF_TYPE: Readonly<Record<string, TypedShape['kind']>> = {
  string: 'string',
  number: 'number',
  integer: 'number',
  boolean: 'boolean',
  null: 'null',
  object: 'object',
  array: 'array',
};

/** Makes the shapes of one schema and of what it refers to, each once: the checker remembers pairs of them. */
export class Shapes {
  readonly #set: SchemaSet;
  readonly #known = new Map<JsonObject, Shape>();
  readonly #any: Shape;
  readonly #never: Shape;
  readonly #child = (json: Json | undefined): Shape => this.of(json);

  constructor(readonly schema: JsonSchema) {
    this.#set = schema.set;
    this.#any = { kind: 'any', json: true, child: this.#child };
    this.#never = { kind: 'never', json: false, child: this.#child };
  }

  root(): Shape {
    return this.of(this.schema.root);
  }

  of(json: Json | undefined): Shape {
    if (json === false) return this.#never;
    if (!(json instanceof Map)) return this.#any;
    const known = this.#known.get(json);
    if (known !== undefined) return known;
    return this.#follow(json);
  }

  /** To the end of a chain of references, all of which then mean the same. */
  #follow(json: JsonObject): Shape {
    const passed = new Set<JsonObject>();
    let at: JsonObject | Shape = json;
    while (at instanceof Map) {
      passed.add(at);
      at = this.#lead(at, passed);
    }
    for (const each of passed) this.#known.set(each, at);
    return at;
  }

  /** What a schema means, or the one that it leaves this to. References that are one part of several wait. */
  #lead(json: JsonObject, passed: ReadonlySet<JsonObject>): Shape | JsonObject {
    const reference = refOf(json);
    if (reference === null || !this.#isAlone(json)) return this.#make(json, reference?.ref);
    const target = this.#target(json, reference.ref);
    if (target === null) return { kind: 'unknown', json: reference.ref, child: this.#child };
    if (typeof target === 'boolean') return this.of(target);
    // What leads back to itself says nothing.
    if (passed.has(target)) return this.#any;
    return this.#known.get(target) ?? target;
  }

  #isAlone(json: JsonObject): boolean {
    return refStandsAlone(this.#set.ownerOf(json).draft) || this.#parts(json).length === 0;
  }

  #make(json: JsonObject, ref: string | undefined): Shape {
    const parts = this.#parts(json);
    return ref === undefined ? this.#allOf(json, parts) : this.#withReference(json, ref, parts);
  }

  #target(json: JsonObject, ref: string): SchemaJson | null {
    const found = this.#set.resolve(ref, this.#set.ownerOf(json));
    return 'missing' in found ? null : found.schema;
  }

  /** What it says itself. */
  #parts(json: JsonObject): Shape[] {
    return [...this.#typed(json), ...this.#enums(json), ...this.#combined(json), ...this.#conditions(json)];
  }

  #allOf(json: JsonObject, parts: readonly Shape[]): Shape {
    if (parts.length === 0) return this.#any;
    return parts.length === 1 ? parts[0]! : this.#implicit('allOf', json, () => parts);
  }

  #withReference(json: JsonObject, ref: string, parts: readonly Shape[]): Shape {
    return this.#implicit('allOf', json, () => {
      const target = this.#target(json, ref);
      if (target === null) return [{ kind: 'unknown', json: ref, child: this.#child }, ...parts];
      const shape = this.of(target);
      return shape.kind === 'any' ? parts : [shape, ...parts];
    });
  }

  #typed(json: JsonObject): Shape[] {
    const types = typesOf(json);
    if (types.length === 0) {
      const kinds = (Object.keys(KEYWORDS) as TypedShape['kind'][]).filter((kind) =>
        KEYWORDS[kind]!.some((keyword) => json.has(keyword)),
      );
      return kinds.map((kind) => ({ kind, json, typed: false, integer: false, child: this.#child }));
    }
    const shapes = types.map(
      (type): Shape => ({
        kind: KIND_OF_TYPE[type]!,
        json,
        typed: true,
        integer: type === 'integer',
        child: this.#child,
      }),
    );
    return shapes.length === 1 ? shapes : [this.#implicit('anyOf', json, () => shapes)];
  }

  #enums(json: JsonObject): Shape[] {
    const shapes: Shape[] = [];
    const values = json.get('enum');
    const shape = { kind: 'enum', json, child: this.#child } as const;
    if (Array.isArray(values)) {
      shapes.push({ ...shape, keyword: 'enum', values: new Set(values.map(valueKey)) });
    }
    if (json.has('const')) {
      shapes.push({ ...shape, keyword: 'const', values: new Set([valueKey(json.get('const')!)]) });
    }
    return shapes;
  }

  #combined(json: JsonObject): Shape[] {
    return (['allOf', 'anyOf', 'oneOf'] as const).flatMap((criterion) => {
      const branches = json.get(criterion);
      if (!Array.isArray(branches) || branches.length === 0) return [];
      const shapes = once(() => this.#distinct(branches));
      return [{ kind: 'combined', json, criterion, explicit: true, child: this.#child, branches: shapes }];
    });
  }

  #distinct(jsons: readonly Json[]): Branch[] {
    const byShape = new Map<Shape, Branch>();
    const texts = new Set<string>();
    for (const json of jsons) {
      const [shape, text] = [this.of(json), valueKey(json)];
      if (!byShape.has(shape) && !texts.has(text)) byShape.set(shape, { shape, text });
      texts.add(text);
    }
    return [...byShape.values()];
  }

  #conditions(json: JsonObject): Shape[] {
    const shapes: Shape[] = [];
    if (isSchema(json.get('not'))) shapes.push({ kind: 'not', json, child: this.#child });
    if (isSchema(json.get('if')) && (isSchema(json.get('then')) || isSchema(json.get('else')))) {
      shapes.push({ kind: 'conditional', json, child: this.#child });
    }
    return shapes;
  }

  #implicit(criterion: Criterion, json: JsonObject, shapes: () => readonly Shape[]): Shape {
    const branches = once(() => shapes().map((shape) => ({ shape, text: shape.kind })));
    return { kind: 'combined', json, criterion, explicit: false, child: this.#child, branches };
  }
}

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/** Each once; `integer` beside `number` adds nothing. */
function typesOf(json: JsonObject): string[] {
  const type = json.get('type');
  const listed = Array.isArray(type) ? type : [type];
  const types = new Set(
    listed.filter((each) => typeof each === 'string' && Object.hasOwn(KIND_OF_TYPE, each)),
  );
  if (types.has('number')) types.delete('integer');
  return [...types] as string[];
}
