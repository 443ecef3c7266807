import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../packages/provisioning/dist/testing/program/bench-fake-cloud.js', import.meta.url));
/** Misbehaviours that only make it slower are left out. */
const ODD = ['late-visible', 'late-ports', 'late-ready', 'status-200', 'empty-terminated', 'extra-fields'];
/** What goes wrong with a share of the calls. */
const FAULTS = [
  { match: 'instances/rent', rate: 0.08, how: 'reset-after' },
  { match: 'instances/rent', rate: 0.04, how: { status: 500, acted: true } },
  { match: 'instances/rent', rate: 0.05, how: { status: 500 } },
  { match: 'instances/rent', rate: 0.03, how: 'reset-before' },
  { match: 'instances/rent', rate: 0.02, how: 'timeout-after' },
  { match: 'instances/list', rate: 0.04, how: { status: 500 } },
  { match: 'instances/list', rate: 0.01, how: 'malformed' },
  { match: 'instances/terminate', rate: 0.08, how: { status: 500 } },
  { match: 'instances/terminate', rate: 0.08, how: 'reset-after' },
  { match: 'instance-types/list', rate: 0.03, how: { status: 503 } },
];

/** Starts CloudRift's fake as a process of its own, with machines that answer on SSH. @param {number} seed */
export async function startCloud(seed) {
  const args = ['cloudrift', '--machines', 'in-process', '--seed', String(seed), '--exit-on-stdin-end'];
  const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => child.once('close', resolve));
  const line = await new Promise((resolve, reject) => {
    let text = '';
    child.once('close', () => reject(new Error('the fake cloud did not start')));
    child.stdout.on('data', (chunk) => {
      text += chunk;
      if (text.includes('\n')) resolve(text.split('\n')[0]);
    });
  });
  const { url, key } = JSON.parse(line);
  const call = async (method, path, body) => {
    const answer = await fetch(`${url}/_fake/${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return await answer.json();
  };
  return {
    url,
    key,
    /** What there is in truth, whatever it tells its users. */
    state: () => call('GET', 'state'),
    /** Somebody else's machine in the same account; its id. */
    stranger: async (name) => (await call('POST', 'foreign', { name })).id,
    /** From now on a share of the calls fails, and machines behave oddly. */
    upset: async () => {
      for (const [at, fault] of FAULTS.entries()) await call('POST', 'faults', { ...fault, seed: seed * 100 + at });
      await call('POST', 'misbehave', { names: ODD });
    },
    end: () => {
      child.kill('SIGTERM');
      return ended;
    },
  };
}
