/**
 * A snapshot's way over a connection of its own. The sender offers; the receiver says from which chunk on; chunks
 * follow, each acknowledged once it is written; then the sender says that this was all and the receiver whether it is
 * installed. Without a pause in reading: at most `WINDOW_CHUNKS` are on their way, so that pings still pass.
 */
export const WINDOW_CHUNKS = 4;
