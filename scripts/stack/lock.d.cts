/** Holds a folder until `release`; `holder` is the pid of the process that has it already, null when we have it. */
export function holdFolder(dir: string): { readonly holder: number | null; release(): void };
