import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { parseDocuments } from './json-documents.ts';

test('objects come apart however they are written one after the other', () => {
  fc.assert(
    fc.property(
      fc.array(fc.dictionary(fc.string(), fc.jsonValue())),
      fc.constantFrom('', '\n', ' \r\n '),
      (list, gap) => {
        const texts = list.map((one) => JSON.stringify(one));
        assert.deepEqual(
          parseDocuments(gap + texts.join(gap) + gap),
          texts.map((text) => JSON.parse(text)),
        );
      },
    ),
  );
});

test('what is no JSON is refused', () => {
  for (const text of ['{', '}', '{} {', 'x', '{}x', '"', '{"a":}', '}{'])
    assert.throws(() => parseDocuments(text), text);
});
