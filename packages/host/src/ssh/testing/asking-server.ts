import type { AddressInfo } from 'node:net';
import ssh2, { type AuthContext, type Connection } from 'ssh2';
import { generateKeyPair } from '../key-pair.ts';

export interface AskingServer {
  port: number;
  /** Methods that were tried, in order. */
  methods: string[];
  close(): Promise<void>;
}

export interface AskingServerOptions {
  password?: string;
  /** Prompts of keyboard-interactive with their right answers. */
  prompts?: readonly { prompt: string; echo: boolean; answer: string }[];
  /** Every public key is taken as a first step; the rest is wanted too. */
  keyFirst?: boolean;
}

/** An SSH server in this process that asks for things, which sshd does only with PAM. Its one command says `welcome`. */
export async function startAskingServer(options: AskingServerOptions): Promise<AskingServer> {
  const { privateKey: hostKey } = generateKeyPair();
  const connections = new Set<Connection>();
  const methods: string[] = [];
  const server = new ssh2.Server({ hostKeys: [hostKey] }, (connection) => {
    connections.add(connection);
    let stepDone = !options.keyFirst;
    const wanted = (): ('password' | 'keyboard-interactive' | 'publickey')[] =>
      stepDone
        ? [...(options.prompts ? ['keyboard-interactive' as const] : []), ...(options.password === undefined ? [] : ['password' as const])]
        : ['publickey'];
    connection.on('error', () => undefined);
    connection.on('close', () => void connections.delete(connection));
    connection.on('authentication', (context: AuthContext) => {
      if (context.method === 'publickey' && !stepDone) {
        if (!context.signature) return context.accept();
        methods.push(context.method);
        stepDone = true;
        return context.reject(wanted(), true);
      }
      if (context.method !== 'none') methods.push(context.method);
      if (context.method === 'password' && stepDone && context.password === options.password) return context.accept();
      if (context.method === 'keyboard-interactive' && stepDone && options.prompts) {
        const { prompts } = options;
        return context.prompt(
          prompts.map(({ prompt, echo }) => ({ prompt, echo })),
          'the door',
          '',
          (answers) => (prompts.every((one, n) => one.answer === answers[n]) ? context.accept() : context.reject(wanted())),
        );
      }
      context.reject(wanted());
    });
    connection.on('session', (accept) => {
      accept().on('exec', (acceptExec) => {
        const channel = acceptExec();
        channel.write('welcome\n');
        channel.exit(0);
        channel.end();
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    methods,
    close: async () => {
      for (const connection of connections) connection.end();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
