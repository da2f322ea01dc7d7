/** The records and fields of a schema text, by path: what tags belong to, and what names are taken. */

export type EntityKind = 'sr_record' | 'sr_field';

export interface Entity {
  /** `ns.Record.field` (AVRO), `object.a.object.b` (JSON), `Message.Nested.field` (PROTOBUF). */
  readonly path: string;
  readonly kind: EntityKind;
  /** The last part of the path. */
  readonly name: string;
  readonly tags: readonly string[];
  /** A field of the schema itself, not of a record inside. */
  readonly isTopLevel: boolean;
}

/** New tags of an entity; null: those it has. */
export type Retag = (entity: Entity) => readonly string[] | null;

/** Works on texts that were parsed before; @throws DataError for one that was not. */
export interface EntityLanguage {
  list(text: string): readonly Entity[];
  /** The text with other tags. */
  retag(text: string, change: Retag): string;
}
