/** What a condition says, without the time of its last transition, which `statusOf` adds. */
import type { Condition } from '../../api/types.ts';
import type { Facts } from '../facts.ts';

export type Finding = Pick<Condition, 'status' | 'reason' | 'message'>;

/** Determines one type of condition. */
export type Finder = (facts: Facts) => Finding;

export const yes = (reason: string, message: string): Finding => ({ status: 'True', reason, message });
export const no = (reason: string, message: string): Finding => ({ status: 'False', reason, message });
export const unknown = (reason: string, message: string): Finding => ({ status: 'Unknown', reason, message });
