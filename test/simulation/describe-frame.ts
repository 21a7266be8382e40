/** A frame in a few words, for the trace. */
import type { Message } from '../../node/raft/types.ts';
import type { PeerFrame } from '../../node/transport/types.ts';

export function describeFrame(frame: PeerFrame): string {
  switch (frame.kind) {
    case 'Raft':
      return frame.messages.map(describeMessage).join(' ');
    case 'ForwardedProposals':
      return `Forward(t${frame.term} ${frame.proposals.map(({ sequence }) => sequence)})`;
    case 'ForwardRefused':
      return `ForwardRefused(t${frame.term} ${frame.sequences} ${frame.reason})`;
    case 'Call':
      return `Call(${frame.id} ${frame.method})`;
    case 'CallReply':
      return `CallReply(${frame.id})`;
  }
}

function describeMessage(message: Message): string {
  const { kind, term } = message;
  switch (message.kind) {
    case 'AppendRequest':
      return `Append(t${term} ${message.previousIndex}@${message.previousTerm}+${message.entries.length} c${message.commit})`;
    case 'AppendResponse':
      return message.rejected
        ? `Append!(t${term} ${message.index} hint ${message.hintIndex}@${message.hintTerm})`
        : `Append=(t${term} ${message.index})`;
    case 'VoteRequest':
      return `${message.isPreVote ? 'PreVote' : 'Vote'}?(t${term} ${message.lastIndex}@${message.lastTerm}${message.isTransfer ? ' transfer' : ''})`;
    case 'VoteResponse':
      return `${message.isPreVote ? 'PreVote' : 'Vote'}${message.granted ? '=' : '!'}(t${term})`;
    case 'Heartbeat':
      return `Beat(t${term} c${message.commit} r${message.readCounter})`;
    case 'HeartbeatResponse':
      return `Beat=(t${term} r${message.readCounter})`;
    default:
      return `${kind}(t${term})`;
  }
}
