import { type Command, Option } from '@commander-js/extra-typings';
import { FAULT_KINDS } from './fault-kinds.ts';
import { collect, integer, positive } from './flags.ts';

const DRAWN = 'one value, or drawn: uniform:MIN-MAX, lognormal:MEDIAN,SIGMA';

/** `bench mock-engine`. */
export function addMockCommand(program: Command, result: { code: number }): void {
  program
    .command('mock-engine')
    .description('serve an OpenAI-compatible API without a model, of known timing and chosen faults; Ctrl-C ends it and says what it did')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <n>', 'port to listen on; 0: any that is free', integer(0), 8000)
    .option('--model <name>', 'the model it lists; it answers under any name', 'mock')
    .option('--seed <n>', 'seed of all that is drawn; with it, a request’s x-request-id decides', integer(0), 0)
    .optionsGroup('Timing and content:')
    .option('--ttft <time>', `from a free slot to the first token: ${DRAWN}`, '50ms')
    .option('--itl <time>', 'between chunks, alike', '10ms')
    .option('--tokens-per-chunk <n>', 'tokens in an event, alike', '1')
    .option('--slots <n>', 'requests worked on at once; others wait (default: all)', integer(1))
    .option('--stop-after <n>', 'tokens written at most, whatever was asked for', integer(1))
    .option('--reasoning <n>', 'so many tokens at the front are reasoning', integer(0), 0)
    .option('--no-role', 'begin chat answers without an event that holds only the role')
    .addOption(
      new Option('--usage <when>', 'when token counts are told').choices(['asked', 'always', 'never'] as const).default('asked' as const),
    )
    .option('--prefix-cache <n>', 'tell in usage what a prefix cache in blocks of n tokens would have', integer(1))
    .optionsGroup('Awkward, but right:')
    .option('--crlf', 'end lines with CRLF')
    .option('--pieces <n>', 'write every event in up to n pieces, cut at drawn places', integer(1))
    .option('--split-utf8', 'cut every event inside a character')
    .option('--coalesce', 'write all events of an answer at once, at its end')
    .option('--drop-after-answer', 'close the connection after each answer, without saying so in it')
    .option('--read-rate <n>', 'read request bodies at n bytes per second', positive)
    .optionsGroup('Wrong:')
    .option('--fault <kind[:n]>', `one request in n, drawn, goes wrong; repeatable: ${FAULT_KINDS}`, collect)
    .option('--fault-after <n>', 'chunks written before that', integer(0), 3)
    .option('--pause <time>', 'how long a pause lasts, and a drop takes', '1s')
    .optionsGroup('Result:')
    .option('--truth <file>', 'write what was done as JSON, with every token’s times')
    .option('--json', 'print the summary as JSON')
    .action(async (options) => {
      result.code = await (await import('./commands/mock-engine.ts')).mockEngine({ ...options, fault: options.fault ?? [] });
    });
}
