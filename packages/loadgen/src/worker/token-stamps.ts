import type { RequestRecord } from '@bench/core';
import type { Reading } from '../apis/reading.ts';

type Stamped = Pick<
  RequestRecord,
  'firstEventMs' | 'firstTokenMs' | 'firstAnswerMs' | 'lastTokenMs' | 'lastEventMs' | 'chunks' | 'eventsBefore' | 'eventsAfter' | 'reads'
>;

/** When the events of one answer came, and the gaps between those that stand for tokens. */
export class TokenStamps {
  private firstEventMs: number | null = null;
  private firstTokenMs: number | null = null;
  private firstAnswerMs: number | null = null;
  private lastTokenMs: number | null = null;
  private lastEventMs: number | null = null;
  private eventsBefore = 0;
  private eventsAfter = 0;
  private lastTurn = -1;
  private finished = false;
  private gaps: Float32Array;
  chunks = 0;
  /** Socket reads that carried the chunks. */
  reads = 0;

  private readonly keepGaps: boolean;

  /** `expectedTokens`: of the answer, for memory. */
  constructor(options: { keepGaps: boolean; expectedTokens: number }) {
    this.keepGaps = options.keepGaps;
    this.gaps = new Float32Array(options.keepGaps ? Math.min(Math.max(options.expectedTokens - 1, 0), 4096) : 0);
  }

  /** Stamps an event with a choice in it. `turn` tells socket reads apart. True: it stands for a token. */
  stamp(reading: Reading, now: number, turn: number): boolean {
    if (reading.finishReason !== null) this.finished = true;
    this.firstEventMs ??= now;
    this.lastEventMs = now;
    if (!reading.content && !reading.reasoning && !reading.toolCall) {
      if (this.chunks === 0) {
        this.eventsBefore++;
        return false;
      }
      // A finish reason alone may be a special token or none; an event with nothing at all is a token whose text is not whole yet, or has none.
      if (this.finished) {
        this.eventsAfter++;
        return false;
      }
    }
    if (this.lastTokenMs !== null && this.keepGaps) this.pushGap(now - this.lastTokenMs);
    this.chunks++;
    if (turn !== this.lastTurn) {
      this.lastTurn = turn;
      this.reads++;
    }
    this.firstTokenMs ??= now;
    if (reading.content || reading.toolCall) this.firstAnswerMs ??= now;
    this.lastTokenMs = now;
    return true;
  }

  private pushGap(gap: number): void {
    const at = this.chunks - 1;
    if (at >= this.gaps.length) {
      const wider = new Float32Array(Math.max(64, this.gaps.length * 2));
      wider.set(this.gaps);
      this.gaps = wider;
    }
    this.gaps[at] = gap;
  }

  /** The gaps between chunks, milliseconds; none when they are not kept. */
  takeGaps(): Float32Array {
    const count = Math.max(0, this.chunks - 1);
    return this.gaps.length === count ? this.gaps : this.gaps.slice(0, count);
  }

  /** What goes into the record. */
  stamps(): Stamped {
    const { firstEventMs, firstTokenMs, firstAnswerMs, lastTokenMs, lastEventMs, chunks, eventsBefore, eventsAfter, reads } = this;
    return { firstEventMs, firstTokenMs, firstAnswerMs, lastTokenMs, lastEventMs, chunks, eventsBefore, eventsAfter, reads };
  }
}
