export { startTestServer, type TestServer } from './server.ts';
export type { Misbehaviour, TestServerOptions, TruthRecord } from './options.ts';
export type { TokenizerKind } from './tokenizer.ts';
