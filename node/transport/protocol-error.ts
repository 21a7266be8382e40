/** What arrived cannot have been sent by a healthy peer. Closes the stream it came on, never more than that. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}
