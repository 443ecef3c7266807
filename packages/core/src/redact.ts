const MASK = '***';

/** Shapes of secrets that are masked even when nobody registered them. */
const SHAPES: RegExp[] = [
  /\bhf_[A-Za-z0-9]{16,}\b/g,
  /\bsk-[A-Za-z0-9_-]{16,}\b/g,
  /(\bauthorization["']?\s*[:=]\s*["']?(?:bearer|basic)\s+)[^\s"',]+/gi,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----/g,
];

/** Keys whose values are never shown. */
const SECRET_KEY = /(^|[_-])(api[_-]?key|token|secret|password|passwd|authorization|private[_-]?key)$/i;

export interface Redactor {
  /** Masks this value from now on. Values under 4 characters are ignored: they would blank out ordinary text. */
  add(secret: string): void;
  redact(text: string): string;
  /** The same over strings in objects and arrays; values of keys that name a secret are masked whole. */
  redactValue<T>(value: T): T;
}

/** Masks known secrets, and things that look like one, wherever an error or a log line is made. */
export function redactor(initial: Iterable<string> = []): Redactor {
  const known = new Set<string>();
  const self: Redactor = {
    add(secret) {
      if (secret.length >= 4) known.add(secret);
    },
    redact(text) {
      let out = text;
      // Longest first, or a secret that contains another leaves its rest behind.
      for (const secret of [...known].sort((a, b) => b.length - a.length)) out = out.replaceAll(secret, MASK);
      for (const shape of SHAPES) out = out.replace(shape, (_all, prefix) => (typeof prefix === 'string' ? prefix + MASK : MASK));
      return out;
    },
    redactValue<T>(value: T): T {
      return walk(value, self.redact) as T;
    },
  };
  for (const secret of initial) self.add(secret);
  return self;
}

function walk(value: unknown, redact: (text: string) => string): unknown {
  if (typeof value === 'string') return redact(value);
  if (Array.isArray(value)) return value.map((v) => walk(v, redact));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([k, v]) => [k, SECRET_KEY.test(k) && typeof v === 'string' && v !== '' ? MASK : walk(v, redact)]),
    );
  }
  return value;
}
