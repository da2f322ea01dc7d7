export interface Area {
  readonly area: string;
  readonly file: string;
  readonly scenarios: readonly string[];
}

export function readAreas(): Area[];
/** The list as the sources have it now. */
export function renderList(): string;
/** The list as the page has it. */
export function readList(): string;
export function writeList(): void;
