import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { ReceiveWindow } from './receive-window.ts';

test('a peer that keeps to its window is never refused, and never stuck', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 50 })), (sizes) => {
      const window = new ReceiveWindow(100);
      let mayBeSent = 100;
      for (const size of sizes) {
        const sent = Math.min(size, mayBeSent);
        assert.ok(sent > 0);
        assert.ok(window.receive(sent));
        mayBeSent += window.consume(sent) - sent;
      }
    }),
  );
});

test('a peer that sends more is refused', () => {
  const window = new ReceiveWindow(100);
  assert.ok(window.receive(100));
  assert.ok(!window.receive(1));
});
