import { messageOf } from '@bench/core';
import type { FakeAnswer, FakeRequest } from './exchange.ts';
import type { FaultHow, FaultRule, Faults } from './faults.ts';
import type { FakeServer, FakeServerOptions } from './server.ts';

type Body = Record<string, unknown>;

/**
 * What a test in another process may ask of a fake, all JSON, without a key:
 * `GET /_fake/state`, `GET /_fake/requests`,
 * `POST /_fake/faults {match?, times?, rate?, seed?, how}` (`match`: source of a pattern for `METHOD /path`) -> `{id}`,
 * `DELETE /_fake/faults` (all) or `/_fake/faults/ID`,
 * `POST /_fake/clock {advanceMs}`, `POST /_fake/keys {accept?, revoke?}`, and the fake's own commands.
 */
export function control(o: {
  fake: Omit<FakeServer, 'url' | 'close'>;
  faults: Faults;
  state: FakeServerOptions['state'];
  commands: FakeServerOptions['commands'];
}): (request: FakeRequest) => Promise<FakeAnswer> {
  const { fake, faults } = o;
  const commands: Record<string, (body: Body) => unknown> = {
    'GET state': () => ({
      now: fake.clock.iso(),
      requests: fake.requests.length,
      errors: fake.errors,
      ...(o.state?.() as object | undefined),
    }),
    'GET requests': () => fake.requests,
    'POST faults': (body) => ({ id: faults.add(ruleOf(body)).id }),
    'DELETE faults': () => (faults.clear(), {}),
    'POST clock': ({ advanceMs }) => (fake.clock.advance(Number(advanceMs)), { now: fake.clock.iso() }),
    'POST keys': ({ accept, revoke }) => {
      if (typeof accept === 'string') fake.accept(accept);
      if (typeof revoke === 'string') fake.revoke(revoke);
      return {};
    },
  };
  for (const [name, command] of Object.entries(o.commands ?? {})) commands[`POST ${name}`] = command;
  return async ({ method, path, body }) => {
    const [, , name = '', id] = path.split('/');
    if (method === 'DELETE' && name === 'faults' && id !== undefined) return { status: faults.remove(Number(id)) ? 200 : 404, body: {} };
    const command = Object.hasOwn(commands, `${method} ${name}`) ? commands[`${method} ${name}`] : undefined;
    if (command === undefined) return { status: 404, body: { error: `no ${method} ${path} here`, commands: Object.keys(commands) } };
    try {
      return { status: 200, body: (await command((body ?? {}) as Body)) ?? {} };
    } catch (error) {
      return { status: 400, body: { error: messageOf(error) } };
    }
  };
}

function ruleOf({ match, times, rate, seed, how }: Body): FaultRule {
  if (typeof how !== 'string' && (typeof how !== 'object' || how === null)) throw new Error('a fault needs "how"');
  return {
    how: how as FaultHow,
    ...(typeof match === 'string' ? { match: new RegExp(match) } : {}),
    ...(typeof times === 'number' ? { times } : {}),
    ...(typeof rate === 'number' ? { rate } : {}),
    ...(typeof seed === 'number' ? { seed } : {}),
  };
}
