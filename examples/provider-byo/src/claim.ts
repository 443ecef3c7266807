/** What stands in a claim. */
export interface Claim {
  name: string;
  owner: string;
  run: string;
  expires: string;
  created: string;
}

/** Reads the facts that a script printed; null: the host is free. */
export function parseClaim(text: string): Claim | null {
  const facts = new Map(text.split('\n').map((line): [string, string] => [line.split(' ')[0] ?? '', line.slice(line.indexOf(' ') + 1)]));
  const of = (key: keyof Claim) => facts.get(key) ?? '';
  if (of('name') === '') return null;
  return { name: of('name'), owner: of('owner'), run: of('run'), expires: of('expires'), created: of('created') };
}
