import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

import { ApiError } from './api-error.ts';
import { readJson, send } from './exchange.ts';
import { makeRoutes, type Service } from './routes.ts';

export interface HttpOptions {
  service: Service;
  apiKey: string | undefined;
  maxBodyBytes: number;
  /** Told about failures that are nobody's request's fault. */
  onError(error: unknown): void;
}

export interface HttpServer {
  readonly server: Server;
  /** From now on new work gets 503; resolves when the work in flight is done, or `graceMs` later with that work cut off. */
  drain(graceMs: number): Promise<void>;
}

/** How long a client may take to read that its request was cut off. */
const FAREWELL_MS = 1000;

/** OpenAI-style HTTP over `node:http`: routing, keys, limits, errors and hang-ups. Does not listen yet. */
export function makeHttpServer({ service, apiKey, maxBodyBytes, onError }: HttpOptions): HttpServer {
  const routes = makeRoutes(service);
  const keyHash = apiKey === undefined ? null : sha256(apiKey);
  const inFlight = new Set<AbortController>();
  let draining = false;
  let onIdle: (() => void) | undefined;

  const authorised = (request: IncomingMessage): boolean => {
    if (!keyHash) return true;
    const given = /^Bearer (.*)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '';
    return timingSafeEqual(sha256(given), keyHash);
  };

  const route = async (request: IncomingMessage, response: ServerResponse, signal: AbortSignal): Promise<void> => {
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    const method = request.method === 'HEAD' ? 'GET' : (request.method ?? 'GET');
    if (path === '/health') {
      if (method !== 'GET') throw wrongMethod(method, path, ['GET'], response);
      if (draining) throw shuttingDown();
      return send(response, { status: 200, type: 'application/json', body: '{"status":"ok"}' });
    }
    if (!authorised(request)) throw new ApiError({ status: 401, message: 'wrong or missing API key', code: 'invalid_api_key' });
    const methods = routes.get(path);
    if (!methods) throw new ApiError({ status: 404, message: `there is nothing at ${path}` });
    const handler = methods[method];
    if (!handler) throw wrongMethod(method, path, Object.keys(methods), response);
    if (draining && method !== 'GET') throw shuttingDown();
    await handler({ request, response, signal, json: () => readJson(request, maxBodyBytes) });
  };

  const server = createServer((request, response) => {
    const controller = new AbortController();
    inFlight.add(controller);
    const sent = new Promise<void>((resolve) => {
      response.once('close', () => {
        controller.abort(new Error('the client went away'));
        resolve();
      });
    });
    void route(request, response, controller.signal)
      .catch((error: unknown) => fail(response, error))
      .catch(onError)
      .then(() => sent)
      .finally(() => {
        inFlight.delete(controller);
        if (inFlight.size === 0) onIdle?.();
      });
  });
  // Longer than what load balancers and clients keep, so that a reused connection is not closed under them.
  server.keepAliveTimeout = 75_000;

  const fail = (response: ServerResponse, error: unknown): void => {
    if (response.destroyed || response.writableEnded) return;
    const known = error instanceof ApiError ? error : undefined;
    if (!known) onError(error);
    const answer = known ?? new ApiError({ status: 500, message: 'the engine failed; its log says why' });
    if (response.headersSent) {
      response.end(`data: ${answer.body()}\n\n`);
      return;
    }
    send(response, { status: answer.status, type: 'application/json', body: answer.body() });
  };

  return {
    server,
    async drain(graceMs) {
      draining = true;
      if (inFlight.size > 0) {
        await new Promise<void>((resolve) => {
          let timer = setTimeout(() => {
            for (const controller of inFlight)
              controller.abort(new ApiError({ status: 503, message: 'the server shut down before the answer was ready' }));
            // A client that does not read its answer, or never ends its question, would keep us.
            timer = setTimeout(() => server.closeAllConnections(), FAREWELL_MS);
          }, graceMs);
          onIdle = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        // All answers are out; what is left is clients that keep their connection for later.
        server.closeAllConnections();
      });
    },
  };
}

function wrongMethod(method: string, path: string, allowed: string[], response: ServerResponse): ApiError {
  response.setHeader('allow', allowed.join(', '));
  return new ApiError({ status: 405, message: `${path} does not take ${method}; it takes ${allowed.join(', ')}` });
}

function shuttingDown(): ApiError {
  return new ApiError({ status: 503, message: 'the server is shutting down' });
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
