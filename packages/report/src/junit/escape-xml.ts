import { plain } from '../text.ts';

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  '\n': '&#10;',
  '\t': '&#9;',
};

/** Text for XML 1.0, between tags or in a quoted attribute, at most `max` characters; what XML has no place for is left out. */
export function escapeXml(text: string, max: number): string {
  return plain(text, max)
    .replace(/[\uFFFE\uFFFF]/g, '')
    .replace(/[&<>"'\n\t]/g, (sign) => ENTITIES[sign] as string);
}
