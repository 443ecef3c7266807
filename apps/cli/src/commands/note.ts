import { BenchError, EXIT, type Io } from '@bench/core';
import { changeNotes, type Notes, resolveRun, withoutRemark, withTags } from '@bench/results';
import { type CliContext, withContext } from '../context.ts';
import { noteLines } from '../ui/note-lines.ts';

interface NoteFlags {
  out: string;
  json?: true | undefined;
}

/** `bench tag`. */
export function tag(run: string, names: readonly string[], flags: NoteFlags & { remove?: string[] | undefined }): Promise<number> {
  return changed(run, flags, (notes) => withTags(notes, { add: names, remove: flags.remove ?? [] }));
}

/** `bench note`. */
export function note(run: string, words: readonly string[], flags: NoteFlags & { remove?: number | undefined }): Promise<number> {
  const text = words.join(' ').trim();
  if (words.length > 0 && text === '')
    throw new BenchError({ code: 'BENCH_USAGE', message: 'the remark is empty', hint: 'bench note RUN TEXT', exitCode: EXIT.usage });
  return changed(run, flags, (notes, io) => {
    const kept = flags.remove === undefined ? notes : withoutRemark(notes, flags.remove);
    if (text === '') return kept;
    return { ...kept, remarks: [...kept.remarks, { at: new Date(io.now()).toISOString(), text: io.redact(text) }] };
  });
}

/** Changes the notes of a run, and shows them. */
function changed(run: string, flags: NoteFlags, change: (notes: Notes, io: Io) => Notes): Promise<number> {
  return withContext(
    async ({ io, signal }: CliContext) => {
      const dir = await resolveRun(run, flags.out);
      const notes = await changeNotes(dir, (before) => change(before, io), io, signal);
      const lines = noteLines(notes, { numbered: true });
      const text = flags.json ? JSON.stringify(notes, null, 1) : (lines.length === 0 ? ['nothing is noted'] : lines).join('\n');
      process.stdout.write(`${text}\n`);
      return EXIT.ok;
    },
    { stopText: null },
  );
}
