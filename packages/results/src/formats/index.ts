export { decodeGaps, encodeGaps, histogramPercentile, type DecodedGaps, type GapHistogram, type RequestGaps } from './gaps.ts';
export { decodeRecords, encodeRecords, type DecodedRecords } from './records.ts';
export { renderVllmJson, renderVllmText, type VllmJsonOptions } from './vllm-write.ts';
