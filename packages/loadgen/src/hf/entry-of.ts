import type { ChatMessage } from '../body.ts';
import type { DatasetEntry } from '../dataset.ts';
import type { Row } from './table.ts';

/** Columns that may hold the prompt, the first that is there counts. */
export const PROMPT_COLUMNS = [
  'messages',
  'conversations',
  'conversation',
  'prompt',
  'question',
  'instruction',
  'problem',
  'query',
  'input',
  'text',
] as const;
const ANSWER_COLUMNS = ['response', 'answer', 'output', 'completion', 'solution'] as const;
const LENGTH_COLUMNS = ['output_tokens', 'max_tokens'] as const;

/** Which of a table's columns are needed, the prompt's first; null: no column is known to hold prompts. */
export function neededColumns(columns: readonly string[], options: { column?: string | undefined; reranked: boolean }): string[] | null {
  if (options.reranked) return ['query', 'documents'].every((name) => columns.includes(name)) ? ['query', 'documents'] : null;
  const prompt = options.column ?? PROMPT_COLUMNS.find((name) => columns.includes(name));
  if (prompt === undefined || !columns.includes(prompt)) return null;
  const others = [...(prompt === 'instruction' ? ['input'] : []), ...ANSWER_COLUMNS, ...LENGTH_COLUMNS];
  return [prompt, ...others.filter((name) => name !== prompt && columns.includes(name))];
}

/** What a row asks; null: it holds no prompt. `columns`: of {@link neededColumns}. */
export function entryOf(row: Row, columns: readonly string[], reranked: boolean): DatasetEntry | null {
  if (reranked) {
    const { query, documents } = row;
    const texts = Array.isArray(documents) ? documents.filter((d): d is string => typeof d === 'string') : [];
    return typeof query === 'string' && texts.length > 0 ? { prompt: { query, documents: texts }, outputTokens: null, answer: null } : null;
  }
  const column = columns[0] as string;
  const value = row[column];
  const said = LENGTH_COLUMNS.map((name) => Number(row[name] ?? 0)).find((n) => Number.isInteger(n) && n > 0) ?? null;
  if (Array.isArray(value)) {
    const { asked, answer } = firstTurn(value as Row[]);
    return asked.length === 0 ? null : { prompt: { messages: asked }, outputTokens: said, answer };
  }
  if (typeof value !== 'string' || value.trim() === '') return null;
  const more = column === 'instruction' && typeof row.input === 'string' && row.input.trim() !== '' ? `\n\n${row.input}` : '';
  const answers = ANSWER_COLUMNS.filter((name) => name !== column).map((name) => row[name]);
  const answer = answers.find((text): text is string => typeof text === 'string' && text !== '') ?? null;
  return { prompt: { text: value + more }, outputTokens: said, answer };
}

const ROLES: Readonly<Record<string, string>> = { human: 'user', gpt: 'assistant', bot: 'assistant', chatgpt: 'assistant' };

/** What is said before the first answer, and that answer. Turns are `{role, content}` or `{from, value}`. */
function firstTurn(turns: readonly (Row | null)[]): { asked: ChatMessage[]; answer: string | null } {
  const messages = turns.map((turn) => {
    const role = String(turn?.role ?? turn?.from ?? '');
    return { role: ROLES[role] ?? role, content: turn?.content ?? turn?.value ?? '' };
  });
  const answered = messages.findIndex(({ role }) => role === 'assistant');
  const asked = (answered < 0 ? messages : messages.slice(0, answered)).filter(({ content }) => content !== '');
  const answer = messages[answered]?.content;
  return {
    asked: asked.some(({ role }) => role === 'user') ? asked : [],
    answer: typeof answer === 'string' && answer !== '' ? answer : null,
  };
}
