export { startTestServer, type TestServer } from './server.ts';
export { summarizeTruth, type TruthSpread, type TruthSummary } from './truth.ts';
export type { Drawn } from './draw.ts';
export type { Misbehaviour, TestServerOptions, TruthRecord } from './options.ts';
export type { TokenizerKind } from './tokenizer.ts';
