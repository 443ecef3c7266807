import { plain } from '../text.ts';

/** Text that is markup already. Only {@link markup} and {@link raw} make it. */
export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

const MAX_TEXT = 20_000;

type Value = Markup | string | number | null | undefined | false | readonly Value[];

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;', '`': '&#96;' };

/** Safe between tags and inside quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"'`]/g, (c) => ENTITIES[c] as string);
}

/** Data as JSON inside an attribute in single quotes. */
export function jsonAttribute(value: unknown): Markup {
  const text = JSON.stringify(value, (_, part: unknown) => (typeof part === 'string' ? plain(part, MAX_TEXT) : part));
  return new Markup(text.replace(/[&<>'`]/g, (c) => ENTITIES[c] as string));
}

/** A template whose interpolations are escaped unless they are markup; lists are joined, null, undefined and false are left out. */
export function markup(strings: TemplateStringsArray, ...values: Value[]): Markup {
  let out = strings[0] ?? '';
  values.forEach((value, i) => {
    out += render(value) + (strings[i + 1] ?? '');
  });
  return new Markup(out);
}

function render(value: Value): string {
  if (value === null || value === undefined || value === false) return '';
  if (value instanceof Markup) return value.text;
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return escapeHtml(plain(value, MAX_TEXT));
  return value.map(render).join('');
}

/** Markup written by us, never from data. */
export const raw = (text: string): Markup => new Markup(text);

/** A name from data: cut to a length that can be read, and kept from changing the direction of the text around it. */
export const data = (value: string | null | undefined, max = 160): Markup | null =>
  value ? markup`<bdi>${plain(value, max)}</bdi>` : null;
