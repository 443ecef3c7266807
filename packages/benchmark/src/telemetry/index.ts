export { placeSamples, type Samples } from './place-samples.ts';
export { DEFAULT_TELEMETRY, gpusOf, startTelemetry, type TelemetryOptions } from './start-telemetry.ts';
export { summarizeTelemetry } from './summarize-telemetry.ts';
