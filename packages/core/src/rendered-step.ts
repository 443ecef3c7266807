/** What a plan would do, for people: `--dry-run` prints these. Secrets are masked. */
export type RenderedStep =
  | { kind: 'command'; description: string; argv: readonly string[]; cwd?: string }
  | { kind: 'file'; description: string; path: string; content: string }
  | { kind: 'http'; description: string; method: string; url: string; body?: unknown };
