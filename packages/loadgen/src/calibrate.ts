import type { LoadSpec } from '@bench/core';
import { apiOf } from './apis/index.ts';
import type { Prompt } from './body.ts';
import type { Calibration } from './calibration.ts';
import { fileData } from './dataset.ts';
import { postJson, type Answer } from './http.ts';
import { promptMaker, textOf } from './prompts.ts';
import { apiPath, requestHeaders, type LoadTarget } from './target.ts';
import { tokenCounter, type Counted, type TokenCounter } from './tokenizer.ts';
import { VERSE_BREAKS, VERSE_OPENERS, VERSE_WORDS } from './verse.ts';
import { WORDS } from './words.ts';

const GROUP = 32;
const LEADS = 24;
const ENOUGH = 64;
/** Prompts of a trace have whatever lengths; of these it is seen whether they can be made. */
const TRACE_LENGTHS = { min: 64, max: 1024 };
const PROBE_TIMEOUT_MS = 30_000;

/** Learns what {@link Calibration} holds. Never throws for a server that misbehaves: the measurement itself will tell. */
export async function calibrate(target: LoadTarget, load: LoadSpec, signal: AbortSignal): Promise<Calibration> {
  const features = await negotiate(target, load, signal);
  const blind = assumed(load, features);
  const counter = await findTokenizer(target, load, signal);
  if (fileData(load.data)) return counter ? await learnAround(counter, blind) : blind;
  const learnt = counter
    ? await (isVerse(load) ? learnVerse(counter, blind) : learnByEndpoint(counter, target, load, blind)).catch(() => null)
    : null;
  if (learnt && counter) {
    if (apiOf(load.api).templated && counter.form !== 'messages') return learnTemplate({ learnt, counter, target, load, signal });
    const around = load.api === 'rerank' ? await learnPair({ learnt, counter, target, load, signal }).catch(() => null) : null;
    return {
      ...learnt,
      ...(around === null ? {} : { pairTokens: around }),
      additive: await verify(counter, load, learnt).catch(() => false),
    };
  }
  // The counts of a reranked request are of all its documents together.
  if (load.api === 'rerank') return blind;
  return (await learnByUsage(target, load, blind, signal).catch(() => null)) ?? blind;
}

/** With nothing to ask: a token a word, and the few tokens a template has. */
function assumed(load: LoadSpec, features: Calibration['features']): Calibration {
  const around = apiOf(load.api).templated ? 8 : 0;
  return {
    tokenizer: 'none',
    tokenize: null,
    leads: WORDS.slice(0, LEADS).map((word) => ({ word, tokens: around + 1 })),
    words: WORDS.map((word) => ({ word, tokens: 1 })),
    ...(isVerse(load) ? assumedVerse(around) : {}),
    ids: null,
    templateTokens: around,
    additive: false,
    features,
  };
}

/** Are prompts lines of verse, not words in a row? */
function isVerse({ data }: LoadSpec): boolean {
  return data.kind === 'random' && data.text === 'sonnet';
}

/** A token a word, and one for the end of a line. */
function assumedVerse(around: number): Pick<Calibration, 'leads' | 'words' | 'breaks'> {
  return {
    leads: VERSE_OPENERS.map((word) => ({ word, tokens: around + 1 })),
    words: VERSE_WORDS.map((word) => ({ word, tokens: 1 })),
    breaks: VERSE_BREAKS.map((word) => ({ word, tokens: 2 })),
  };
}

async function findTokenizer(target: LoadTarget, load: LoadSpec, signal: AbortSignal): Promise<TokenCounter | null> {
  const path = target.server.tokenizePath === undefined ? '/tokenize' : target.server.tokenizePath;
  if (path === null) return null;
  for (const form of apiOf(load.api).tokenizers) {
    const counter = tokenCounter({ target, path, form, signal });
    const seen = await counter.count('the word').catch(() => null);
    if (seen && seen.count > 0) return counter;
  }
  return null;
}

/** For prompts from files only what stands around a text matters: twice a word minus the word twice. */
async function learnAround(counter: TokenCounter, blind: Calibration): Promise<Calibration> {
  const counted = await counter.countAll(['the', 'the the']).catch(() => null);
  const [once, twice] = (counted ?? []).map((c) => c.count);
  const templateTokens = once !== undefined && twice !== undefined ? Math.max(0, 2 * once - twice) : blind.templateTokens;
  return { ...blind, tokenizer: 'endpoint', tokenize: { path: counter.path, form: counter.form }, templateTokens };
}

async function learnByEndpoint(counter: TokenCounter, target: LoadTarget, load: LoadSpec, blind: Calibration): Promise<Calibration> {
  const anchor = 'the';
  const alone = await counter.count(anchor);
  const groups: string[][] = [];
  for (let i = 0; i < WORDS.length; i += GROUP) groups.push(WORDS.slice(i, i + GROUP));
  // Every word is at least one token: a group that adds as many tokens as it has words has one token a word.
  const counted = await counter.countAll(groups.map((group) => [anchor, ...group].join(' ')));
  const single = groups.flatMap((group, i) => ((counted[i] as Counted).count - alone.count === group.length ? group : []));
  const words = single.length >= ENOUGH ? single.map((word) => ({ word, tokens: 1 })) : await eachWord(counter, anchor, WORDS.slice(0, 96));
  const leading = words.slice(0, LEADS);
  const follower = words[0] as Calibration['words'][number];
  const opened = await counter.countAll(leading.map((w) => `${w.word} ${follower.word}`));
  const leads = leading
    .map((w, i) => ({ word: w.word, tokens: (opened[i] as Counted).count - follower.tokens }))
    .filter((l) => l.tokens > 0);
  const costOf = new Map(words.map((w) => [w.word, w.tokens]));
  const learnt: Calibration = {
    ...blind,
    tokenizer: 'endpoint',
    tokenize: { path: counter.path, form: counter.form },
    words,
    leads,
    templateTokens: Math.max(0, Math.min(...leads.map((l) => l.tokens - (costOf.get(l.word) ?? 1)))),
  };
  if (target.server.tokenIdPrompts && apiOf(load.api).tokenIds) learnt.ids = ordinaryIds(counted, alone);
  return learnt;
}

/** The words of lines, what opens them, and what stands between two of them, each by itself. Ids of words alone would make no lines. */
async function learnVerse(counter: TokenCounter, blind: Calibration): Promise<Calibration> {
  const anchor = 'the';
  const words = await eachWord(counter, anchor, VERSE_WORDS);
  const costOf = new Map(words.map((w) => [w.word, w.tokens]));
  const follower = words[0] as Calibration['words'][number];
  const opened = await counter.countAll(VERSE_OPENERS.map((word) => `${word} ${follower.word}`));
  const leads = VERSE_OPENERS.map((word, i) => ({ word, tokens: (opened[i] as Counted).count - follower.tokens })).filter(
    (l) => l.tokens > 0,
  );
  const before = await counter.count(anchor);
  const broken = await counter.countAll(VERSE_BREAKS.map((word) => `${anchor}${word} ${follower.word}`));
  const breaks = VERSE_BREAKS.map((word, i) => ({
    word,
    tokens: Math.max(1, (broken[i] as Counted).count - before.count - follower.tokens),
  }));
  const around = Math.max(0, before.count - (costOf.get(anchor) ?? 1));
  return {
    ...blind,
    tokenizer: 'endpoint',
    tokenize: { path: counter.path, form: counter.form },
    words,
    leads,
    breaks,
    templateTokens: around,
  };
}

/** The cost of each word by itself: 8 of it in a row, for tokenizers that have no token a word. */
async function eachWord(counter: TokenCounter, anchor: string, some: readonly string[]): Promise<Calibration['words']> {
  const alone = (await counter.count(anchor)).count;
  const counted = await counter.countAll(some.map((word) => [anchor, ...Array<string>(8).fill(word)].join(' ')));
  return some.map((word, i) => ({ word, tokens: Math.max(1, Math.round(((counted[i] as Counted).count - alone) / 8)) }));
}

/** Ids that ordinary words are made of, without what stands at the front or end of every text (BOS, EOS). Null below 64 different ones. */
function ordinaryIds(counted: Counted[], alone: Counted): number[] | null {
  const around = new Set(alone.ids ?? []);
  const ids = new Set<number>();
  for (const { ids: list } of counted) for (const id of list ?? []) if (!around.has(id)) ids.add(id);
  return ids.size >= ENOUGH ? [...ids] : null;
}

/** Do sums over words give what the tokenizer says, for prompts as they will be sent? */
async function verify(counter: TokenCounter, load: LoadSpec, calibration: Calibration): Promise<boolean> {
  const { data, seed } = load;
  const maker = promptMaker(calibration, { seed, sharedTokens: data.kind === 'random' ? data.sharedPrefixTokens : 0 });
  const { min, max } = data.kind === 'random' ? data.inputTokens : TRACE_LENGTHS;
  const lengths = [min, max, Math.round((min + max) / 2), max];
  const texts = lengths.map((tokens, ordinal) => textOf(maker.words({ seed: load.seed, phase: 'probe', ordinal: 100 + ordinal }, tokens)));
  const counted = await counter.countAll(texts);
  return counted.every((c, i) => c.count === lengths[i]);
}

interface Learning {
  learnt: Calibration;
  counter: TokenCounter;
  target: LoadTarget;
  load: LoadSpec;
  signal: AbortSignal;
}

/**
 * What the server has around a query and a document: two small requests with different documents tell it by their usage, which counts the query once
 * for each of them. Null: it does not count so.
 */
async function learnPair({ learnt, counter, target, load, signal }: Learning): Promise<number | null> {
  const maker = promptMaker(learnt, { seed: load.seed, sharedTokens: 0 });
  const around: (number | null)[] = [];
  for (const documents of [1, 3]) {
    const [query = '', ...list] = Array.from({ length: 1 + documents }, (_, i) =>
      textOf(maker.words(probe(load, 200 + 10 * documents + i), learnt.templateTokens + 16 + 8 * i)),
    );
    const told = await promptTokens(target, load, learnt, { query, documents: list }, signal);
    const [ofQuery = 0, ...ofList] = (await counter.countAll([query, ...list])).map(({ count }) => count - learnt.templateTokens);
    around.push(told === null ? null : (told - ofList.reduce((sum, n) => sum + n + ofQuery, 0)) / documents);
  }
  const [one, three] = around;
  return one != null && one === three && one >= 0 ? one : null;
}

/** A tokenizer of plain texts says nothing of the chat template: two small requests of different length do, by their usage. */
async function learnTemplate(o: Learning): Promise<Calibration> {
  const { learnt, counter, target, load, signal } = o;
  const maker = promptMaker(learnt, { seed: load.seed, sharedTokens: 0 });
  const beyond: (number | null)[] = [];
  for (const [ordinal, tokens] of [48, 160].entries()) {
    const text = textOf(maker.words(probe(load, 1 + ordinal), tokens));
    const count = await promptTokens(target, load, learnt, { text }, signal).catch(() => null);
    const counted = await counter.count(text).catch(() => null);
    beyond.push(count === null || counted === null ? null : count - counted.count);
  }
  const [first, second] = beyond;
  const around = second ?? 0;
  const constant = first !== null && first === second;
  return {
    ...learnt,
    tokenize: constant && learnt.tokenize ? { ...learnt.tokenize, beyond: around } : null,
    leads: learnt.leads.map((l) => ({ ...l, tokens: l.tokens + around })),
    templateTokens: Math.max(0, learnt.templateTokens + around),
    additive: constant && (await verify(counter, load, learnt).catch(() => false)),
  };
}

/** Two small requests of different length give the tokens of a word and of the template. */
async function learnByUsage(target: LoadTarget, load: LoadSpec, blind: Calibration, signal: AbortSignal): Promise<Calibration | null> {
  const maker = promptMaker(blind, { seed: load.seed, sharedTokens: 0 });
  const around = blind.leads[0]?.tokens ?? 1;
  const short = await promptTokens(target, load, blind, { text: textOf(maker.words(probe(load, 1), around + 23)) }, signal);
  const long = await promptTokens(target, load, blind, { text: textOf(maker.words(probe(load, 2), around + 119)) }, signal);
  if (short === null || long === null || long <= short) return null;
  const perWord = (long - short) / 96;
  const lead = Math.max(1, short - 23 * perWord);
  return {
    ...blind,
    tokenizer: 'usage',
    words: blind.words.map((w) => ({ ...w, tokens: perWord })),
    ...(blind.breaks ? { breaks: blind.breaks.map((w) => ({ ...w, tokens: w.tokens * perWord })) } : {}),
    leads: blind.leads.map((l) => ({ ...l, tokens: lead })),
    templateTokens: Math.max(0, Math.round(lead - perWord)),
  };
}

function probe(load: LoadSpec, ordinal: number) {
  return { seed: load.seed, phase: 'probe' as const, ordinal };
}

async function promptTokens(
  target: LoadTarget,
  load: LoadSpec,
  blind: Calibration,
  prompt: Prompt,
  signal: AbortSignal,
): Promise<number | null> {
  const answer = await send(target, { ...load, stream: false }, prompt, blind.features, signal);
  return apiOf(load.api).read(answer.json).usage?.promptTokens ?? null;
}

/** One small request with every optional field that is wanted and not known; a 400 that names one takes it away. */
async function negotiate(target: LoadTarget, load: LoadSpec, signal: AbortSignal): Promise<Calibration['features']> {
  const { server } = target;
  const { tries, generates } = apiOf(load.api);
  const features = {
    streamUsage: tries.streamUsage && load.stream && server.streamUsage !== false,
    ignoreEos: tries.ignoreEos && load.ignoreEos && server.ignoreEos !== false,
  };
  if (!generates) return features;
  const open = (features.streamUsage && server.streamUsage !== true) || (features.ignoreEos && server.ignoreEos !== true);
  if (!open) return features;
  const text = textOf(promptMaker(assumed(load, features), { seed: load.seed, sharedTokens: 0 }).words(probe(load, 0), 24));
  for (let attempt = 0; attempt < 3; attempt++) {
    const answer = await send(target, load, { text }, features, signal).catch(() => null);
    if (!answer || (answer.status !== 400 && answer.status !== 422)) return features;
    const before = { ...features };
    if (/stream_options|include_usage/.test(answer.text)) features.streamUsage = false;
    if (/ignore_eos/.test(answer.text)) features.ignoreEos = false;
    if (before.streamUsage === features.streamUsage && before.ignoreEos === features.ignoreEos) return features;
  }
  return features;
}

function send(target: LoadTarget, load: LoadSpec, prompt: Prompt, features: Calibration['features'], signal: AbortSignal): Promise<Answer> {
  return postJson(target.origin + apiPath(target, load.api, load.stream), {
    headers: requestHeaders(target, load.api),
    body: apiOf(load.api).body({ load, model: target.model, prompt, outputTokens: 1, features }),
    signal,
    timeoutMs: Math.min(PROBE_TIMEOUT_MS, load.requestTimeoutMs),
  });
}
