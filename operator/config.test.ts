import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseOperatorConfig } from './config.ts';

test('a flag wins over its variable, and an empty variable counts as unset', () => {
  const env = {
    QUORATE_OPERATOR_WORKERS: '3',
    QUORATE_OPERATOR_NAMESPACE: '',
    QUORATE_OPERATOR_LEADER_ELECTION: 'false',
  };
  const config = parseOperatorConfig({ workers: '5' }, env);
  assert.equal(config.workers, 5);
  assert.equal(config.namespace, null);
  assert.equal(config.leaderElection, false);
  assert.equal(config.listen, '[::]:8080');
});

test('every wrong setting is named with its value', () => {
  assert.throws(() => parseOperatorConfig({ workers: 'many' }, { QUORATE_OPERATOR_LOG_LEVEL: 'loud' }), {
    name: 'ConfigError',
    message: /--workers: 'many' must be.*\nQUORATE_OPERATOR_LOG_LEVEL: 'loud' must be/,
  });
});
