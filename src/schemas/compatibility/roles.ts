/** What the two sides are called in messages: `new schema`, `old schema`. */
export interface Roles {
  readonly reader: string;
  readonly writer: string;
}
