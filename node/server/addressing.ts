/**
 * Names and peer addresses that come from outside, looked at before they become part of a membership: every member
 * would keep and dial them for good.
 */
import { parseAddress } from '../transport/address.ts';
import { RequestError } from './types.ts';

const NAME = /^[\w.-]{1,253}$/;

type Addressed = { readonly name: string; readonly peerAddress: string };

/** @throws RequestError invalid_request */
export function assertValidName(name: string): void {
  if (!NAME.test(name))
    throw invalid(`"${name}" is no name for a member: give 1 to 253 letters, digits, ".", "_" and "-"`);
}

/** @throws RequestError invalid_request */
export function assertValidPeerAddress(peerAddress: string): void {
  try {
    parseAddress(peerAddress);
  } catch (error) {
    throw invalid(`peer address ${(error as Error).message}`);
  }
}

/**
 * Checks founders' names and addresses, and that they are unique. Later additions are checked against the membership;
 * founders are checked against each other only here.
 *
 * @throws RequestError `invalid_request`
 */
export function assertValidFounders(
  founders: readonly (Addressed & { readonly id: number; readonly incarnation: string })[],
): void {
  for (const { name, peerAddress } of founders) {
    assertValidName(name);
    assertValidPeerAddress(peerAddress);
  }
  for (const field of ['id', 'name', 'peerAddress', 'incarnation'] as const) {
    const values = founders.map((founder) => founder[field]);
    const twice = values.find((value, at) => values.indexOf(value) !== at);
    if (twice !== undefined) throw invalid(`two founders have the ${WORDS[field]} ${twice}`);
  }
}

const WORDS = { id: 'id', name: 'name', peerAddress: 'peer address', incarnation: 'incarnation' } as const;

function invalid(message: string): RequestError {
  return new RequestError('invalid_request', message);
}
