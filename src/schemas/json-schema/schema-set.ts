/**
 * A schema with all that it may refer to: which schema a `$ref` means, by the rules of URIs (RFC 3986) and of `$id` and
 * `$anchor`. Nothing is fetched; what is not among the documents, and is no draft's own schema, is not there.
 */
import type { Json, JsonObject } from '../json-text';
import { type Draft, draftOf, idOf, isSchema, type SchemaJson, visitSubschemas } from './draft';
import { metaSchema } from './meta-schema';

/** A schema with a URI of its own: a document, or a schema within one that has an `$id`. */
export interface Resource {
  readonly root: SchemaJson;
  /** Without fragment. */
  readonly uri: string;
  readonly draft: Draft;
  readonly anchors: Map<string, JsonObject>;
}

/** What a `$ref` leads to; else which part of it leads nowhere. */
export type Resolution =
  | { readonly schema: SchemaJson }
  | { readonly missing: 'document' | 'place'; readonly uri: string };

/** Makes relative URIs of documents that have no absolute one comparable. */
const NOWHERE = 'schema:///';

export class SchemaSet {
  readonly #byUri = new Map<string, Resource>();
  readonly #owners = new Map<JsonObject, Resource>();

  /** Adds a document under its own URI and under those it is known by; the first document of a URI stays. */
  add(root: SchemaJson, knownAs: readonly string[] = [], base = NOWHERE): Resource {
    const draft = draftOf(root);
    const id = root instanceof Map ? idOf(root, draft) : null;
    const uri = resolveUri(id ?? knownAs[0] ?? '', base);
    const resource: Resource = { root, uri, draft, anchors: new Map() };
    for (const name of knownAs) {
      this.#name(resource, name);
      this.#name(resource, resolveUri(name, base));
    }
    this.#name(resource, uri);
    this.#index(root, resource);
    return resource;
  }

  /** The resource that a schema of one of the documents belongs to. */
  ownerOf(schema: JsonObject): Resource {
    return this.#owners.get(schema)!;
  }

  resolve(ref: string, from: Resource): Resolution {
    const [uri, fragment] = splitFragment(ref);
    const resource = uri === '' ? from : this.#find(uri, from);
    if (resource === undefined) return { missing: 'document', uri };
    const schema = this.#within(resource, decode(fragment));
    return schema === undefined ? { missing: 'place', uri: resource.uri } : { schema };
  }

  #find(uri: string, from: Resource): Resource | undefined {
    const absolute = resolveUri(uri, from.uri);
    const known = this.#byUri.get(absolute) ?? this.#byUri.get(uri);
    if (known !== undefined) return known;
    const meta = metaSchema(absolute);
    return meta === null ? undefined : this.add(meta, [absolute]);
  }

  #within(resource: Resource, fragment: string): SchemaJson | undefined {
    if (fragment === '') return resource.root;
    if (!fragment.startsWith('/')) return resource.anchors.get(fragment);
    let owner = resource;
    let at: Json | undefined = resource.root;
    for (const token of fragment.slice(1).split('/')) {
      at = step(at, token.replaceAll('~1', '/').replaceAll('~0', '~'));
      if (at === undefined) return undefined;
      if (at instanceof Map) owner = this.#owners.get(at) ?? owner;
    }
    if (!isSchema(at)) return undefined;
    // Below a keyword that no draft knows, it is a schema only because somebody says so.
    this.#index(at, owner);
    return at;
  }

  /** Recursion is as deep as the text is nested, which the parser bounds. */
  #index(schema: SchemaJson, outer: Resource): void {
    if (typeof schema === 'boolean' || this.#owners.has(schema)) return;
    const owner = schema === outer.root ? outer : this.#resourceOf(schema, outer);
    this.#owners.set(schema, owner);
    for (const anchor of anchorsOf(schema, owner.draft)) {
      if (!owner.anchors.has(anchor)) owner.anchors.set(anchor, schema);
    }
    for (const [keyword, value] of schema) {
      visitSubschemas(keyword, value, (subschema) => this.#index(subschema, owner));
    }
  }

  #resourceOf(schema: JsonObject, outer: Resource): Resource {
    const draft = draftOf(schema, outer.draft);
    const id = idOf(schema, draft);
    if (id === null || id.startsWith('#')) return outer;
    const resource = { root: schema, uri: resolveUri(id, outer.uri), draft, anchors: new Map() };
    this.#name(resource, resource.uri);
    return resource;
  }

  #name(resource: Resource, uri: string): void {
    const name = splitFragment(uri)[0];
    if (name !== '' && name !== NOWHERE && !this.#byUri.has(name)) this.#byUri.set(name, resource);
  }
}

/**
 * Up to draft-07 an `$id` that is a fragment is what `$anchor` is later. Confluent's converter writes such an `id` as in
 * draft-04 into schemas that name no draft.
 */
function anchorsOf(schema: JsonObject, draft: Draft): string[] {
  const id = idOf(schema, draft) ?? schema.get('id');
  const anchors = [
    schema.get('$anchor'),
    schema.get('$dynamicAnchor'),
    typeof id === 'string' && id.startsWith('#') && id.slice(1),
  ];
  return anchors.filter((anchor) => typeof anchor === 'string' && anchor !== '') as string[];
}

function step(at: Json | undefined, token: string): Json | undefined {
  if (at instanceof Map) return at.get(token);
  return Array.isArray(at) && /^(?:0|[1-9]\d{0,8})$/.test(token) ? at[Number(token)] : undefined;
}

function splitFragment(ref: string): [uri: string, fragment: string] {
  const hash = ref.indexOf('#');
  return hash < 0 ? [ref, ''] : [ref.slice(0, hash), ref.slice(hash + 1)];
}

function decode(fragment: string): string {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return fragment;
  }
}

/** Without fragment. A base that nothing can be relative to, `urn:x`, leaves the reference as it is. */
function resolveUri(uri: string, base: string): string {
  const withoutFragment = splitFragment(uri)[0];
  if (!URL.canParse(withoutFragment, base)) return withoutFragment;
  return splitFragment(new URL(withoutFragment, base).href)[0];
}
