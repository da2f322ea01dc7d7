/** Who may write. Several registries share a topic; one of them, the primary, writes it. */
export interface Primacy {
  /** Nobody else can write while this node may, so its state has all that is in the log. */
  readonly isExclusive: boolean;
  /**
   * Resolves with the term while this node may write. Waits, counted from `since` (ms of the clock), while it is being decided who may.
   * Throws NotPrimary when another node may, and 50004 when nobody may.
   */
  whenPrimary(since: number): Promise<number>;
  /** Whether this node may write and the term is still the same: a new one begins with all in the state that others wrote. */
  holds(term: number): boolean;
  /** A write of this term was refused because another node has written meanwhile. */
  fenced(term: number, error: Error): void;
  /** Whether a write of this term was done is not known. It will be before the next one begins. */
  doubted(term: number): void;
}

/** The only registry of its topic. */
export const ALONE: Primacy = {
  isExclusive: false,
  whenPrimary: async () => 0,
  holds: () => true,
  fenced() {},
  doubted() {},
};
