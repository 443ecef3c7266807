import { prng, seedOf, type LengthRange, type LoadSpec } from '@bench/core';
import { apiOf } from '../apis/index.ts';
import type { ChatMessage, Prompt } from '../body.ts';
import type { Calibration } from '../calibration.ts';
import { conversationPlan, type ConversationPlace } from '../conversations.ts';
import { fileData, readDataset, type DatasetEntry } from '../dataset.ts';
import { imagesOf } from '../images.ts';
import { promptMaker, textOf } from '../prompts.ts';
import { classOf } from '../load-class.ts';
import type { LoadTarget } from '../target.ts';
import { tokenCounter, type TokenCounter } from '../tokenizer.ts';
import type { TraceRequest } from '../trace.ts';
import { givingUp } from './giving-up.ts';
import type { Job } from './job.ts';
import { DEFAULT_DOCUMENTS, rerankParts, type RerankPart } from './rerank-prompt.ts';
import { startTranscript } from './transcript.ts';

/** Bodies made before the clock starts, at most; what is beyond is made while running, one for each one taken. */
const AHEAD_BYTES = 64 * 1024 * 1024;
/** The same where requests have images: one is as large as hundreds of texts, and takes milliseconds to make. */
const AHEAD_BYTES_OF_IMAGES = 512 * 1024 * 1024;
const CORRECTIONS = 6;
const EMPTY = Buffer.alloc(0);

export interface Supply {
  /** Prompts in the file; null: they are not from a file. When all have been sent, the first is sent again. */
  readonly entries: number | null;
  /** Makes the bodies of these requests now, as far as memory allows. */
  prepare(ordinals: Iterable<number>, phase: Job['phase'], signal: AbortSignal): Promise<void>;
  /** Begins to make this one, unless it is there: for the idle time of a run whose length is not known beforehand. */
  ahead(ordinal: number, phase: Job['phase']): void;
  /** The request, prepared or made on the spot. */
  take(ordinal: number, phase: Job['phase']): Job;
  /** A later turn with all that was said before it: as `take` gives it, it has no body. */
  withHistory(job: Job, history: readonly ChatMessage[]): Job;
  /** What stands for the answer to this turn where answers are made. */
  madeAnswer(job: Job): string;
}

/** Everything about a request follows from the load's seed, its phase and its ordinal: never from who sends it or when. */
export async function createSupply(options: {
  target: LoadTarget;
  load: LoadSpec;
  /** The load's, where it replays one. */
  trace: readonly TraceRequest[] | null;
  calibration: Calibration;
  signal: AbortSignal;
}): Promise<Supply> {
  const { target, load, trace, calibration, signal } = options;
  const { data } = load;
  const api = apiOf(load.api);
  const file = fileData(data);
  const entries = file ? await readDataset({ data: file, seed: load.seed, reranked: load.api === 'rerank' }) : null;
  const sharedTokens = data.kind === 'random' ? data.sharedPrefixTokens : 0;
  const maker = promptMaker(calibration, { seed: load.seed, sharedTokens, groups: data.kind === 'random' ? data.prefixGroups : undefined });
  // What all prompts share stands at the front of a conversation, once.
  const laterMaker = promptMaker(calibration, { seed: load.seed, sharedTokens: 0 });
  const plan = conversationPlan(load);
  const placeAt = (phase: string, ordinal: number): ConversationPlace | null =>
    phase === 'measured' && plan ? plan.placeOf(ordinal) : null;
  const isLater = (phase: string, ordinal: number) => (placeAt(phase, ordinal)?.turn ?? 1) > 1;
  const makerOf = (phase: string, ordinal: number) => (isLater(phase, ordinal) ? laterMaker : maker);
  /** A conversation is of one class. */
  const classAt = (phase: string, ordinal: number) => classOf(load, phase, placeAt(phase, ordinal)?.first ?? ordinal);
  const counter: TokenCounter | null = calibration.tokenize ? tokenCounter({ target, ...calibration.tokenize, signal }) : null;
  const documents = (data.kind === 'random' ? data.documents : undefined) ?? DEFAULT_DOCUMENTS;
  const ready = new Map<string, Job>();
  const making = new Set<string>();

  function draw(range: LengthRange, what: string, phase: string, ordinal: number): number {
    return range.min === range.max ? range.min : prng(seedOf(load.seed, what, phase, ordinal)).integer(range.min, range.max);
  }

  function job(
    ordinal: number,
    phase: Job['phase'],
    prompt: Prompt,
    lengths: { input: number | null; output: number | null; counted: boolean },
  ): Job {
    const own = classAt(phase, ordinal);
    const place = placeAt(phase, ordinal);
    const outputTokens = lengths.output;
    const images = imagesOf(load, phase, ordinal);
    const made: Job = {
      index: phase === 'warmup' ? ordinal : load.warmupRequests + ordinal,
      phase,
      body: EMPTY,
      // How many tokens a picture has the model alone knows.
      requestedPromptTokens: images.length > 0 ? null : lengths.input,
      requestedOutputTokens: api.generates ? outputTokens : null,
      counted: lengths.counted,
      class: own?.name,
      ...(place && 'text' in prompt && { turn: { conversation: place.conversation, turn: place.turn, text: prompt.text } }),
      givingUp: givingUp(load, { phase, ordinal, outputTokens }),
      ...(load.tokenizer !== undefined && phase === 'measured'
        ? { transcript: startTranscript(api, images.length > 0 ? null : prompt) }
        : {}),
    };
    // How long the whole conversation is, only the server can say.
    if (isLater(phase, ordinal)) return { ...made, requestedPromptTokens: null, counted: false };
    return { ...made, body: bodyOf({ prompt, outputTokens, images, model: own?.model }) };
  }

  function bodyOf(asked: { prompt: Prompt; outputTokens: number | null; images?: readonly string[]; model: string | undefined }): Buffer {
    return Buffer.from(JSON.stringify(api.body({ ...asked, load, model: asked.model ?? target.model, features: calibration.features })));
  }

  function fromFile(list: readonly DatasetEntry[], ordinal: number, phase: Job['phase']): { entry: DatasetEntry; asked: number | null } {
    const entry = list[placeInFile(phase, ordinal, list.length)] as DatasetEntry;
    const range = classAt(phase, ordinal)?.outputTokens ?? file?.outputTokens;
    return { entry, asked: range ? draw(range, 'output', phase, ordinal) : entry.outputTokens };
  }

  /** Nobody knows how many a warm-up that ends by time sends: it takes prompts from the end of the file backwards. */
  function placeInFile(phase: Job['phase'], ordinal: number, length: number): number {
    if (load.warmupMs === undefined) return (phase === 'warmup' ? ordinal : load.warmupRequests + ordinal) % length;
    return phase === 'warmup' ? length - 1 - (ordinal % length) : ordinal % length;
  }

  /** What a request that is made has to be like. Warm-ups of a trace have its lengths and share nothing: they are not to warm its prefixes. */
  function drawn(ordinal: number, phase: Job['phase']): { input: number; output: number; blocks: readonly number[] } {
    if (data.kind === 'random') {
      const { inputTokens = data.inputTokens, outputTokens = data.outputTokens } = classAt(phase, ordinal) ?? {};
      const later = isLater(phase, ordinal) ? load.conversations?.inputTokens : undefined;
      const input = draw(later ?? inputTokens, 'input', phase, ordinal);
      return { input, output: Math.max(1, draw(outputTokens, 'output', phase, ordinal)), blocks: [] };
    }
    const list = trace ?? [];
    const { inputTokens, outputTokens, blocks } = list[ordinal % list.length] as TraceRequest;
    return { input: inputTokens, output: Math.max(1, outputTokens), blocks: phase === 'warmup' ? [] : blocks };
  }

  function partsOf(ordinal: number, phase: Job['phase']): RerankPart[] {
    return rerankParts({
      identity: { seed: load.seed, phase, ordinal },
      pairTokens: drawn(ordinal, phase).input,
      documents,
      around: calibration.pairTokens ?? 0,
      sharedTokens,
      beyond: calibration.templateTokens,
      queries: maker,
      texts: laterMaker,
    });
  }

  /** Where it is not known what the server has around a query and a document, their lengths together are near what was asked. */
  function reranked(ordinal: number, phase: Job['phase'], { parts, counted }: { parts: RerankPart[]; counted: boolean }): Job {
    const [query = '', ...list] = parts.map(({ words }) => textOf(words));
    const input = calibration.pairTokens === undefined ? null : documents * drawn(ordinal, phase).input;
    return job(ordinal, phase, { query, documents: list }, { input, output: null, counted });
  }

  function make(ordinal: number, phase: Job['phase'], corrected?: { words: string[]; counted: boolean }): Job {
    if (entries) {
      const { entry, asked } = fromFile(entries, ordinal, phase);
      return job(ordinal, phase, entry.prompt, { input: null, output: asked, counted: false });
    }
    const { input, output, blocks } = drawn(ordinal, phase);
    const identity = { seed: load.seed, phase, ordinal };
    if (calibration.ids && api.tokenIds) {
      return job(ordinal, phase, { ids: maker.ids(identity, Math.max(1, input), blocks) }, { input, output, counted: true });
    }
    if (load.api === 'rerank') return reranked(ordinal, phase, { parts: partsOf(ordinal, phase), counted: calibration.additive });
    const text = textOf(corrected?.words ?? makerOf(phase, ordinal).words(identity, input, blocks));
    return job(ordinal, phase, { text }, { input, output, counted: corrected?.counted ?? calibration.additive });
  }

  /** Where sums over words are not what the tokenizer says, each prompt is corrected until they are. */
  async function makeExact(ordinal: number, phase: Job['phase']): Promise<Job> {
    if (!counter) return make(ordinal, phase);
    if (entries) {
      const { entry, asked } = fromFile(entries, ordinal, phase);
      if (asked !== null || entry.answer === null) return make(ordinal, phase);
      const counted = await counter.count(entry.answer).catch(() => null);
      const output = counted ? Math.max(1, counted.count - calibration.templateTokens) : null;
      return job(ordinal, phase, entry.prompt, { input: null, output, counted: false });
    }
    if (calibration.additive || calibration.ids) return make(ordinal, phase);
    if (load.api === 'rerank') {
      const parts = [];
      let counted = true;
      for (const { words, tokens } of partsOf(ordinal, phase)) {
        const exact = await correct(counter, words, tokens);
        parts.push({ words: exact.words, tokens });
        counted &&= exact.counted;
      }
      return reranked(ordinal, phase, { parts, counted });
    }
    const { input: wanted, blocks } = drawn(ordinal, phase);
    return make(
      ordinal,
      phase,
      await correct(counter, makerOf(phase, ordinal).words({ seed: load.seed, phase, ordinal }, wanted, blocks), wanted),
    );
  }

  /** Words that the tokenizer counts as many tokens as are wanted; not `counted`: as near as corrections came. */
  async function correct(by: TokenCounter, drawnWords: string[], wanted: number): Promise<{ words: string[]; counted: boolean }> {
    let words = drawnWords;
    for (let i = 0; i < CORRECTIONS; i++) {
      const counted = await by.count(textOf(words)).catch(() => null);
      if (!counted) break;
      const missing = wanted - counted.count - (calibration.tokenize?.beyond ?? 0);
      if (missing === 0) return { words, counted: true };
      words = maker.adjust(words, missing);
    }
    return { words, counted: false };
  }

  return {
    entries: entries?.length ?? null,
    async prepare(ordinals, phase, abort) {
      let bytes = 0;
      const aheadBytes = load.images ? AHEAD_BYTES_OF_IMAGES : AHEAD_BYTES;
      const iterator = ordinals[Symbol.iterator]();
      const lane = async () => {
        for (let next = iterator.next(); !next.done && bytes < aheadBytes && !abort.aborted; next = iterator.next()) {
          const made = await makeExact(next.value, phase);
          ready.set(`${phase}${next.value}`, made);
          bytes += made.body.length + (made.turn?.text.length ?? 0);
        }
      };
      await Promise.all(Array.from({ length: 8 }, lane));
    },
    ahead(ordinal, phase) {
      const key = `${phase}${ordinal}`;
      if (ready.has(key) || making.has(key)) return;
      making.add(key);
      void makeExact(ordinal, phase).then(
        (made) => {
          // Whoever could not wait has made it on the spot.
          if (making.delete(key)) ready.set(key, made);
        },
        // Whoever takes it makes it, and hears why it cannot be made.
        () => making.delete(key),
      );
    },
    take(ordinal, phase) {
      const key = `${phase}${ordinal}`;
      making.delete(key);
      const made = ready.get(key);
      ready.delete(key);
      return made ?? make(ordinal, phase);
    },
    withHistory(made, history) {
      const messages = [...history, { role: 'user', content: made.turn?.text ?? '' }];
      const model = load.classes?.find(({ name }) => name === made.class)?.model;
      const transcript = made.transcript && startTranscript(api, { messages });
      return {
        ...made,
        body: bodyOf({ prompt: { messages }, outputTokens: made.requestedOutputTokens, model }),
        ...(transcript && { transcript }),
      };
    },
    madeAnswer({ index, requestedOutputTokens }) {
      const tokens = (requestedOutputTokens ?? 1) + calibration.templateTokens;
      return textOf(laterMaker.words({ seed: load.seed, phase: 'answer', ordinal: index }, tokens));
    },
  };
}
