import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { freePorts } from '../free-ports.ts';
import { UpCluster } from './testing/cluster.ts';
import { temporaryFolder } from './testing/folder.ts';
import { run, start } from './testing/program.ts';

describe('quorate with a cluster', { timeout: 240_000 }, () => {
  let cluster: UpCluster;
  before(async () => {
    cluster = await UpCluster.start();
  });
  after(() => cluster[Symbol.asyncDispose]());

  const ok = async (args: readonly string[], input?: string): Promise<string> => {
    const { code, stdout, stderr } = await cluster.run(args, input);
    assert.equal(code, 0, `quorate ${args.join(' ')}: ${stderr}`);
    return stdout;
  };
  const refused = async (args: readonly string[]): Promise<string> => {
    const { code, stderr } = await cluster.run(args);
    assert.equal(code, 1);
    assert.match(stderr, /^quorate: .*\n$/);
    return stderr;
  };

  test('put, get and del', async () => {
    assert.match(await ok(['put', 'kv/a', 'one']), /^revision \d+\n$/);
    assert.equal(await ok(['get', 'kv/a']), 'one');
    await ok(['put', 'kv/b'], 'from\nstandard input');
    assert.equal(
      await ok(['get', 'kv/b', '--serializable', `--endpoints=${cluster.client.endpoints[0]}`]).then(
        (text) => text.length,
      ),
      19,
    );
    assert.equal(await ok(['get', 'kv/', '--prefix', '--keys-only']), 'kv/a\nkv/b\n');
    assert.equal(await ok(['get', 'kv/', '--prefix', '--limit', '1']), 'kv/a\tone\n');
    assert.equal(await ok(['get', 'kv/', '--prefix', '--count']), '2\n');
    const item = JSON.parse(await ok(['get', 'kv/a', '--json']));
    assert.deepEqual([item.key, item.value, item.version], ['kv/a', 'one', 1]);
    assert.match(await ok(['put', 'kv/a', 'two', '--prev', '--if-revision', String(item.mod_revision)]), /was one\n$/);
    assert.equal(await ok(['get', 'kv/a', '--revision', String(item.mod_revision)]), 'one');
    assert.match(
      await refused(['put', 'kv/a', 'three', '--if-absent']),
      /the condition is not met: the key is at revision \d+/,
    );
    assert.match(await refused(['get', 'kv/nothing']), /there is no key 'kv\/nothing'/);
    assert.match(await ok(['del', 'kv/', '--prefix']), /^deleted 2 at revision \d+\n$/);
    assert.match(await ok(['del', 'kv/a']), /^deleted 0 /);
  });

  test('watch prints what happens, over several members', async () => {
    const { revision } = await cluster.client.put('watched/a', '1');
    await using program = start(['watch', 'watched/', '--prefix', `--start-revision=${revision}`], {
      env: cluster.env,
    });
    await program.printed(`${revision}\tput\twatched/a\t1\n`);
    await ok(['del', 'watched/a']);
    await program.printed(/\d+\tdelete\twatched\/a\n/);
    program.child.kill('SIGINT');
    assert.equal((await program.ended).code, 0);
  });

  test('txn reads JSON and says which branch it took', async () => {
    const txn = JSON.stringify({
      if: [{ key: 'txn/leader', version: 0 }],
      then: [{ put: { key: 'txn/leader', value: 'me' } }],
      else: [{ get: { key: 'txn/leader' } }],
    });
    assert.match(await ok(['txn'], txn), /^then, revision \d+\nput at revision \d+\n$/);
    assert.match(await ok(['txn'], txn), /^else, revision \d+\ntxn\/leader\tme\n$/);
    assert.equal(JSON.parse(await ok(['txn', '--json'], txn)).succeeded, false);
    const { code, stderr } = await cluster.run(['txn'], '{"if": ');
    assert.equal(code, 1);
    assert.match(stderr, /^quorate: the transaction is not JSON: .*\n$/);
  });

  test('lease: a revoked lease takes its keys along', async () => {
    const id = (await ok(['lease', 'grant', '60'])).trim();
    await ok(['put', 'leased', 'x', '--lease', id]);
    assert.match(await ok(['lease', 'status', id]), /of 60 s left\nleased\n$/);
    assert.match(await ok(['lease', 'keep-alive', id, '--once']), /^renewed for 60 s\n$/);
    assert.match(await ok(['lease', 'list']), new RegExp(id));
    await ok(['lease', 'revoke', id]);
    assert.match(await refused(['get', 'leased']), /no key/);
    assert.match(await refused(['lease', 'revoke', id]), /lease/);
  });

  test('lease keep-alive renews until it is stopped', async () => {
    const id = (await ok(['lease', 'grant', '15'])).trim();
    await using program = start(['lease', 'keep-alive', id], { env: cluster.env });
    await program.printed(/(renewed for \d+ s\n){2}/);
    program.child.kill('SIGINT');
    assert.equal((await program.ended).code, 0);
    await ok(['lease', 'status', id]);
  });

  test('compact forgets, and says so to who asks for it', async () => {
    await ok(['put', 'compacted', '1']);
    const { revision } = JSON.parse(await ok(['put', 'compacted', '2', '--json']));
    assert.equal(await ok(['compact', String(revision)]), `history begins at revision ${revision}\n`);
    assert.match(await refused(['get', 'compacted', '--revision', String(revision - 1)]), /compacted/);
    assert.match(await refused(['watch', 'compacted', '--start-revision', '1']), /compacted/);
  });

  test('status, member list, transfer-leader and version', async () => {
    const table = await ok(['status', `--endpoints=${cluster.endpoints[0]}`]);
    assert.match(table, /^MEMBER +ENDPOINT +ROLE +TERM +COMMIT +APPLIED +LAG +DB SIZE +HEALTHY\n/);
    assert.equal(table.match(/ yes\n/g)?.length, 3);
    const views = JSON.parse(await ok(['status', '--json'])) as { status: { name: string; role: string } }[];
    const follower = views.find(({ status }) => status.role === 'Follower')!.status.name;
    assert.match(await ok(['transfer-leader', follower]), new RegExp(`^${follower} \\(\\d\\) leads\n$`));
    assert.match(await ok(['member', 'list']), /1 +m1 +Voter .*\n *2 +m2 +Voter .*\n *3 +m3 +Voter/);
    assert.match(await refused(['transfer-leader', 'nobody']), /there is no member 'nobody'; there are 1 \(m1\)/);
    assert.match(await ok(['version']), /^quorate \d+\.\d+\.\d+ .*\nmember +\d+\.\d+\.\d+\n$/);
  });

  test('a backup is saved, checked and restored as a new cluster that up runs', async () => {
    await using folder = await temporaryFolder();
    await ok(['put', 'kept', 'safe']);
    const file = `${folder.path}/backup`;
    const saved = await cluster.run(['snapshot', 'save', file]);
    assert.match(saved.stderr, /^saved .* to .*backup\n$/);
    assert.match(await refused(['snapshot', 'save', file]), /exists already/);
    const { revision, cluster_id } = JSON.parse(await ok(['snapshot', 'status', file, '--json']));
    const port = await freePorts(2);
    const restored = JSON.parse(
      await ok([
        'snapshot',
        'restore',
        file,
        `--data-dir=${folder.path}/new`,
        '--members=1',
        `--port=${port}`,
        '--json',
      ]),
    );
    assert.notEqual(restored.cluster_id, cluster_id);
    await using program = start(['up', `--data-dir=${folder.path}/new`]);
    await program.printed('The cluster is ready');
    const endpoint = `--endpoints=http://127.0.0.1:${port}`;
    assert.equal(await ok(['get', 'kept', endpoint]), 'safe');
    assert.ok(JSON.parse(await ok(['put', 'after', '1', '--json', endpoint])).revision > revision);
  });
});

test('mistakes on the command line get one line and exit code 2', async () => {
  for (const [args, message] of [
    [['get'], /name a key/],
    [['put', 'a', 'b', '--if-revision', 'x'], /argument 'x' is invalid\. It must be a whole number/],
    [['get', 'a', '--endpoints', 'localhost'], /'localhost' is not a URL such as http:/],
    [['gte', 'a'], /unknown command 'gte'/],
    [['get', 'a', '--prefx'], /unknown option '--prefx'\n\(Did you mean --prefix\?\)\n\(--help says what there is\)/],
    [['put', 'a', 'caf\ufffd'], /'caf\ufffd' is not UTF-8 text: give such a value on standard input/],
    [['up', '--members', '9'], /must be from 1 to 7/],
    [['status', '--cert', 'x'], /--cert and --key go together/],
  ] as [string[], RegExp][]) {
    const { code, stdout, stderr } = await run(args);
    assert.deepEqual([code, stdout], [2, ''], args.join(' '));
    assert.match(stderr, /^quorate: .*\n(\(.*\)\n)*$/);
    assert.match(stderr, message);
  }
});

test('help and the version are where one looks for them', async () => {
  const { stdout } = await run(['get', '--help']);
  assert.deepEqual(await run(['help', 'get']), { code: 0, stdout, stderr: '' });
  assert.match((await run(['--version'])).stdout, /^\d+\.\d+\.\d+\n$/);
});

test('without a cluster the version of this program is said all the same, and why none of a member', async () => {
  const port = await freePorts(1);
  const { code, stdout } = await run(['version', '--endpoints', `http://127.0.0.1:${port}`, '--timeout', '2s']);
  assert.equal(code, 0);
  assert.match(stdout, /^quorate \d+\.\d+\.\d+ .*\nmember +unknown: no member answered: .*: connection refused\n$/);
});

test('a new member that does not run is told as that, and not as a cluster that does not', async () => {
  const newcomer = `http://127.0.0.1:${await freePorts(1)}`;
  const { code, stderr } = await run(['member', 'add', newcomer, '--timeout', '2s']);
  assert.equal(code, 1);
  assert.match(stderr, /^quorate: the new member does not answer, .*: connection refused\n$/);
});

test('without a cluster a command says so within its timeout', async () => {
  const port = await freePorts(1);
  const { code, stderr } = await run(['get', 'a', '--endpoints', `http://127.0.0.1:${port}`, '--timeout', '2s']);
  assert.equal(code, 1);
  assert.match(
    stderr,
    /^quorate: no member answered: http:\/\/127\.0\.0\.1:\d+: connection refused; is the cluster running\? .*\n$/,
  );
});
