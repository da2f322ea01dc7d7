/** Numbers of descriptor.proto that reading and writing of descriptors share. */

/** Types by their number in a descriptor. */
export const TYPES: readonly string[] =
  ' double float int64 uint64 int32 fixed64 fixed32 bool string group message bytes uint32 enum sfixed32 sfixed64 sint32 sint64'.split(
    ' ',
  );
export const [GROUP, MESSAGE, ENUM] = [10, 11, 14];
export const LABELS = ['', 'optional', 'required', 'repeated'] as const;
/** EDITION_2023; later ones count on from it. */
export const FIRST_EDITION = { number: 1000, year: 2023 };
/** In MessageOptions. */
export const MAP_ENTRY = 7;
