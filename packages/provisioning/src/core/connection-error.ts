/** Codes of Node and undici that say: no byte of the request left, the server cannot have acted. */
const NEVER_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'EAI_NODATA', 'UND_ERR_CONNECT_TIMEOUT']);
/** A certificate that is not trusted: the handshake failed, and will again. */
const CERTIFICATE = /^(CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_CERT_|ERR_SSL_)/;

/** What became of a request whose connection failed. */
export interface ConnectionFailure {
  /** The server certainly did not get it. */
  neverSent: boolean;
  /** The server's certificate is not trusted. */
  untrusted: boolean;
  /** The code, or the message where there is none; holds no data of the request. */
  reason: string;
}

/** Reads what `fetch` rejects with: the code stands in its cause, or in all of the causes when several addresses were tried. */
export function connectionFailure(error: unknown): ConnectionFailure {
  const errors = rootsOf(error);
  const codes = errors.map((e) => codeOf(e));
  return {
    neverSent:
      errors.length > 0 && errors.every((e, i) => NEVER_SENT.has(codes[i] ?? '') || CERTIFICATE.test(codes[i] ?? '') || connecting(e)),
    untrusted: codes.some((code) => CERTIFICATE.test(code)),
    reason: codes.find((code) => code !== '') ?? 'no connection',
  };
}

function rootsOf(error: unknown): object[] {
  if (typeof error !== 'object' || error === null) return [];
  if ('errors' in error && Array.isArray(error.errors) && error.errors.length > 0) return error.errors.flatMap(rootsOf);
  if ('cause' in error && typeof error.cause === 'object' && error.cause !== null) return rootsOf(error.cause);
  return [error];
}

function codeOf(error: object): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** Node names the system call: one that failed to connect has sent nothing. */
function connecting(error: object): boolean {
  return 'syscall' in error && (error.syscall === 'connect' || error.syscall === 'getaddrinfo');
}
