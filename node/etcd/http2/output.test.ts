import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { FrameReader } from './frame-reader.ts';
import { Output } from './output.ts';

test('frames of any size leave in order, over any number of turns', () => {
  const frame = fc.tuple(fc.nat({ max: 9 }), fc.nat({ max: 255 }), fc.nat(), fc.nat({ max: 9000 }));
  fc.assert(
    fc.property(fc.array(fc.array(frame, { maxLength: 20 }), { maxLength: 6 }), (turns) => {
      const output = new Output();
      const reader = new FrameReader();
      for (const frames of turns) {
        for (const [type, flags, streamId, length] of frames) {
          output.frame(type, flags, streamId, Buffer.alloc(length, type));
        }
        const { bytes } = output;
        const written = Buffer.concat(output.take());
        assert.equal(written.length, bytes);
        assert.equal(output.bytes, 0);
        reader.push(written);
        for (const [type, flags, streamId, length] of frames) {
          const read = reader.next()!;
          assert.deepEqual(
            [read.type, read.flags, read.streamId, read.end - read.start],
            [type, flags, streamId, length],
          );
          assert.ok(read.bytes.subarray(read.start, read.end).every((byte) => byte === type));
        }
        assert.equal(reader.next(), null);
      }
    }),
  );
});

test('what was taken is not written over', () => {
  const output = new Output();
  output.frame(0, 0, 1, Buffer.from('one'));
  const [first] = output.take();
  output.frame(0, 0, 1, Buffer.from('two'));
  output.take();
  assert.equal(first!.toString('latin1', 9), 'one');
});
