export { decodeGaps, encodeGaps, histogramPercentile, type DecodedGaps, type GapHistogram, type RequestGaps } from './gaps.ts';
export { decodeRecords, encodeRecords, type DecodedRecords } from './records.ts';
export { renderVllmJson, renderVllmText, type VllmJsonOptions } from './vllm-write.ts';
export type { ForeignDistribution, ForeignResult } from './foreign-result.ts';
export { parseResultText, parseSglangText, parseVllmText } from './parse-text.ts';
export { parseResultJson, parseSglangJson, parseVllmJson } from './parse-json.ts';
export { parseDeplodockTasks, type DeplodockTask, type DeplodockTasks } from './deplodock-json.ts';
export { parseDeplodockText, type DeplodockFile } from './deplodock-text.ts';
