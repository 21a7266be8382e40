/**
 * The first byte of a frame's body. `Hello`, `Welcome` and `Refused` never change their number or their form: builds
 * of different formats must be able to tell each other that they cannot talk.
 */
export const FrameType = {
  Hello: 1,
  Welcome: 2,
  Refused: 3,
  Goodbye: 4,
  Ping: 5,
  Pong: 6,

  Raft: 16,
  ForwardedProposals: 17,
  ForwardRefused: 18,
  Call: 19,
  CallReply: 20,

  SnapshotOffer: 32,
  SnapshotAccepted: 33,
  SnapshotDeclined: 34,
  SnapshotChunk: 35,
  SnapshotAck: 36,
  SnapshotComplete: 37,
  SnapshotInstalled: 38,
  SnapshotFailed: 39,
} as const;
export type FrameType = (typeof FrameType)[keyof typeof FrameType];
