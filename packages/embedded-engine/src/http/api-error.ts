/** A failure that the client is told about, in OpenAI's error shape. */
export class ApiError extends Error {
  readonly status: number;
  readonly type: string;
  readonly param: string | null;
  readonly errorCode: string | null;

  constructor(init: { status: number; message: string; param?: string; code?: string }) {
    super(init.message);
    this.name = 'ApiError';
    this.status = init.status;
    this.type = TYPES[init.status] ?? (init.status < 500 ? 'invalid_request_error' : 'server_error');
    this.param = init.param ?? null;
    this.errorCode = init.code ?? null;
  }

  /** `{"error": {message, type, param, code}}`. */
  body(): string {
    return JSON.stringify({ error: { message: this.message, type: this.type, param: this.param, code: this.errorCode } });
  }
}

const TYPES: Record<number, string> = { 401: 'authentication_error', 404: 'not_found_error', 503: 'service_unavailable' };

/** A 400 about one parameter. */
export function invalid(param: string, message: string): ApiError {
  return new ApiError({ status: 400, message, param });
}
