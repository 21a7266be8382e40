/**
 * How long answers are remembered, and how many. Leader time is cut into periods; the answers of this one and of the
 * one before are kept, so each is kept for at least one period and less than two. A whole period is dropped by one
 * range delete, whatever their number. Nothing is dropped early: over the limit new keys are refused.
 */
import type { AnswerCount } from './meta.ts';
import type { Failed } from './types.ts';

export const ANSWER_PERIOD_MS: number = 10 * 60 * 1000;

export type AnswerLimits = { readonly keys: number; readonly sizeBytes: number };

/** Over both periods. Twenty minutes of 8,000 keyed writes a second. */
export const ANSWER_LIMITS: AnswerLimits = { keys: 10_000_000, sizeBytes: 2 * 2 ** 30 };

export type AnswerWindow = { readonly generation: number; readonly answers: readonly [AnswerCount, AnswerCount] };

const NONE: AnswerCount = { keys: 0, sizeBytes: 0 };

/** The window once leader time has come to `timeMs`, which is not before the window's own. */
export function advanceWindow(window: AnswerWindow, timeMs: number): AnswerWindow {
  const generation = Math.floor(timeMs / ANSWER_PERIOD_MS);
  const periods = generation - window.generation;
  if (periods <= 0) return window;
  return { generation, answers: [NONE, periods === 1 ? window.answers[0] : NONE] };
}

/** Generations that may hold answers, the present one first. */
export function liveGenerations(window: AnswerWindow): number[] {
  const generations: number[] = [];
  if (window.answers[0].keys > 0) generations.push(window.generation);
  if (window.answers[1].keys > 0) generations.push(window.generation - 1);
  return generations;
}

export function isFull(window: AnswerWindow, limits: AnswerLimits): boolean {
  const [current, previous] = window.answers;
  return current.keys + previous.keys >= limits.keys || current.sizeBytes + previous.sizeBytes >= limits.sizeBytes;
}

export function withAnswer(window: AnswerWindow, sizeBytes: number): AnswerWindow {
  const [current, previous] = window.answers;
  const answers = [{ keys: current.keys + 1, sizeBytes: current.sizeBytes + sizeBytes }, previous] as const;
  return { generation: window.generation, answers };
}

/** A refusal that depends on the request alone comes out the same again: only the state's are worth remembering. */
export function isDecidedByState(refusal: Failed): boolean {
  return refusal.code !== 'invalid_request' && refusal.code !== 'duplicate_key';
}
