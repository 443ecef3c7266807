const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';
const SHAPE = /^r[a-z0-9]{9}$/;

/** `r` and 9 of `[a-z0-9]`: legal in every provider's names. */
export function newRunId(random: () => number): string {
  let id = 'r';
  for (let i = 0; i < 9; i++) id += ALPHABET[Math.floor(random() * ALPHABET.length)] as string;
  return id;
}

export function isRunId(text: string): boolean {
  return SHAPE.test(text);
}
