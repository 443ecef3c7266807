type Json = Record<string, unknown>;

const parts = (content: unknown): Json[] => (Array.isArray(content) ? (content as Json[]) : []);

/** The text of a message's content, which is one or has parts that are. */
export function textOf(content: unknown): string {
  return Array.isArray(content)
    ? parts(content)
        .flatMap(({ text }) => (typeof text === 'string' ? [text] : []))
        .join(' ')
    : String(content ?? '');
}

/** Images of all messages in base64: `image_url` parts that are data URLs of PNGs, and `image` parts as Anthropic has them. */
export function imagesIn({ messages }: Json): string[] {
  if (!Array.isArray(messages)) return [];
  return (messages as Json[]).flatMap(({ content }) =>
    parts(content).flatMap(({ type, image_url: linked, source }) => {
      const url = (linked as Json | undefined)?.url;
      if (type === 'image_url' && typeof url === 'string') return [url.replace(/^data:image\/png;base64,/, '')];
      return type === 'image' ? [String((source as Json | undefined)?.data)] : [];
    }),
  );
}
