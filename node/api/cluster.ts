/** Status, forming, membership and leadership: the calls of the operator and of `quorate member`. */
import { z } from 'zod';
import type {
  ApiAddMember,
  ApiAddMemberAnswer,
  ApiBootstrap,
  ApiCluster,
  ApiConfigAnswer,
  ApiExpected,
  ApiJoin,
  ApiMember,
  ApiOk,
  ApiRecover,
  ApiReplaceVoters,
  ApiTransfer,
  ApiTransferAnswer,
} from '../../client/types.ts';
import type { FoundingRecord } from '../storage/types.ts';
import type { Membership, MembershipChange } from '../store/types.ts';
import { readJson } from './body.ts';
import { invalid } from './errors.ts';
import type { Exchange } from './exchange.ts';
import { requestOptions, requestParameters } from './request-options.ts';

const noParameters: ReadonlySet<string> = new Set();
const commonParameters: ReadonlySet<string> = new Set(requestParameters);

const memberId = z.int().min(1);
const name = z.string().min(1).max(253);
const address = z.string().min(1).max(512);
const incarnation = z.string().regex(/^[0-9a-f]{32}$/, 'must be 32 hexadecimal digits');
const clusterId = z
  .string()
  .regex(/^[0-9a-f]{16}$/, 'must be 16 hexadecimal digits')
  .refine((id) => !/^0+$/.test(id), 'must not be zero');
const expected_config_index = z.int().min(0).exactOptional();

const bodies = {
  bootstrap: z.strictObject({
    cluster_id: clusterId,
    founders: z
      .array(z.strictObject({ id: memberId, name, peer_address: address, incarnation }))
      .min(1)
      .max(15),
    snapshot_path: z.string().min(1).max(4096).exactOptional(),
    snapshot_sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits')
      .exactOptional(),
  }) satisfies z.ZodType<ApiBootstrap>,
  join: z.strictObject({
    cluster_id: clusterId,
    member_id: memberId,
    incarnation,
    peers: z.array(z.strictObject({ id: memberId, peer_address: address, incarnation })).min(1),
  }) satisfies z.ZodType<ApiJoin>,
  recover: z.strictObject({
    cluster_id: clusterId,
    nonce: z.string().min(1).max(255),
  }) satisfies z.ZodType<ApiRecover>,
  addMember: z.strictObject({
    name,
    peer_address: address,
    incarnation,
    expected_config_index,
  }) satisfies z.ZodType<ApiAddMember>,
  expected: z.strictObject({ expected_config_index }) satisfies z.ZodType<ApiExpected>,
  replaceVoters: z.strictObject({
    voters: z.array(memberId).min(1),
    expected_config_index,
  }) satisfies z.ZodType<ApiReplaceVoters>,
  nothing: z.strictObject({}),
  transfer: z.strictObject({ to: memberId.exactOptional() }) satisfies z.ZodType<ApiTransfer>,
};

export async function status(exchange: Exchange): Promise<void> {
  exchange.query(noParameters);
  exchange.json(200, await exchange.member.status());
}

export async function cluster(exchange: Exchange): Promise<void> {
  const options = requestOptions(exchange.query(commonParameters), exchange.api);
  const { clusterId: cluster_id, membership, clientUrls } = await exchange.member.cluster(options);
  const answer: ApiCluster = {
    cluster_id,
    config_index: membership.configIndex,
    members: membersToJson(membership, clientUrls),
  };
  if (membership.leaving !== null) answer.leaving = [...membership.leaving];
  exchange.json(200, answer);
}

export async function bootstrap(exchange: Exchange): Promise<void> {
  exchange.query(noParameters);
  const body = await readBodyAs(exchange, bodies.bootstrap);
  const record = await exchange.member.bootstrap({
    clusterId: body.cluster_id,
    founders: body.founders.map((founder) => ({
      id: founder.id,
      name: founder.name,
      peerAddress: founder.peer_address,
      incarnation: founder.incarnation,
    })),
    snapshotPath: body.snapshot_path ?? null,
    ...(body.snapshot_sha256 === undefined ? {} : { snapshotSha256: body.snapshot_sha256 }),
  });
  exchange.json(200, foundingToJson(record));
}

export async function join(exchange: Exchange): Promise<void> {
  exchange.query(noParameters);
  const body = await readBodyAs(exchange, bodies.join);
  await exchange.member.join({
    clusterId: body.cluster_id,
    memberId: body.member_id,
    incarnation: body.incarnation,
    peers: body.peers.map((peer) => ({ id: peer.id, peerAddress: peer.peer_address, incarnation: peer.incarnation })),
  });
  exchange.json(200, ok);
}

export async function recover(exchange: Exchange): Promise<void> {
  exchange.query(noParameters);
  const body = await readBodyAs(exchange, bodies.recover);
  await exchange.member.recover({ clusterId: body.cluster_id, nonce: body.nonce });
  exchange.json(200, ok);
}

/** Answered in every state: one that is parked is stopped with the others. */
export async function stopTogether(exchange: Exchange): Promise<void> {
  exchange.query(noParameters);
  await readBodyAs(exchange, bodies.nothing, {});
  exchange.assertRoot();
  exchange.api.drain.stopTogether();
  exchange.json(200, ok);
}

export async function addMember(exchange: Exchange): Promise<void> {
  const body = await readBodyAs(exchange, bodies.addMember);
  const change = {
    kind: 'AddLearner',
    name: body.name,
    peerAddress: body.peer_address,
    incarnation: body.incarnation,
  } as const;
  const { id, configIndex } = await changeMembership(exchange, change, body.expected_config_index);
  const answer: ApiAddMemberAnswer = { id, config_index: configIndex };
  exchange.json(200, answer);
}

export async function promoteMember(exchange: Exchange, parameters: Readonly<Record<string, string>>): Promise<void> {
  const id = memberIdOf(parameters);
  const body = await readBodyAs(exchange, bodies.expected, {});
  answerConfig(exchange, await changeMembership(exchange, { kind: 'Promote', id }, body.expected_config_index));
}

export async function removeMember(exchange: Exchange, parameters: Readonly<Record<string, string>>): Promise<void> {
  const id = memberIdOf(parameters);
  const body = await readBodyAs(exchange, bodies.expected, {});
  answerConfig(exchange, await changeMembership(exchange, { kind: 'Remove', id }, body.expected_config_index));
}

export async function replaceVoters(exchange: Exchange): Promise<void> {
  const body = await readBodyAs(exchange, bodies.replaceVoters);
  if (new Set(body.voters).size !== body.voters.length) throw invalid('the body.voters names a member twice');
  answerConfig(
    exchange,
    await changeMembership(exchange, { kind: 'ReplaceVoters', voters: body.voters }, body.expected_config_index),
  );
}

export async function transferLeader(exchange: Exchange): Promise<void> {
  const options = requestOptions(exchange.query(commonParameters), exchange.api);
  const body = await readBodyAs(exchange, bodies.transfer, {});
  const answer: ApiTransferAnswer = { leader: await exchange.member.transferLeader(body.to ?? null, options) };
  exchange.json(200, answer);
}

const ok: ApiOk = { ok: true };

function changeMembership(
  exchange: Exchange,
  change: MembershipChange,
  expected: number | undefined,
): Promise<{ readonly id: number; readonly configIndex: number }> {
  const options = requestOptions(exchange.query(commonParameters), exchange.api);
  return exchange.member.changeMembership(change, expected ?? null, options);
}

function answerConfig(exchange: Exchange, { configIndex }: { readonly configIndex: number }): void {
  const answer: ApiConfigAnswer = { config_index: configIndex };
  exchange.json(200, answer);
}

function membersToJson(membership: Membership, clientUrls: ReadonlyMap<number, string>): ApiMember[] {
  return membership.members.map((member) => {
    const isVoter = membership.voters.includes(member.id) || (membership.leaving?.includes(member.id) ?? false);
    const json: ApiMember = {
      id: member.id,
      name: member.name,
      peer_address: member.peerAddress,
      incarnation: member.incarnation,
      role: isVoter ? 'Voter' : 'Learner',
    };
    const clientUrl = clientUrls.get(member.id);
    if (clientUrl !== undefined) json.client_url = clientUrl;
    return json;
  });
}

function foundingToJson({
  clusterId: cluster_id,
  founders,
  snapshotPath,
  snapshotSha256,
}: FoundingRecord): ApiBootstrap {
  const json: ApiBootstrap = {
    cluster_id,
    founders: founders.map((founder) => ({
      id: founder.id,
      name: founder.name,
      peer_address: founder.peerAddress,
      incarnation: founder.incarnation,
    })),
  };
  if (snapshotPath !== null) json.snapshot_path = snapshotPath;
  if (snapshotSha256 !== undefined) json.snapshot_sha256 = snapshotSha256;
  return json;
}

async function readBodyAs<T>(exchange: Exchange, schema: z.ZodType<T>, ifEmpty?: unknown): Promise<T> {
  const { json } = await readJson(exchange, ifEmpty);
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${['the body', ...path].join('.')}: ${message}`);
  throw invalid(problems.join('; '));
}

function memberIdOf(parameters: Readonly<Record<string, string>>): number {
  const id = /^[1-9]\d{0,15}$/.test(parameters['id'] ?? '') ? Number(parameters['id']) : Number.NaN;
  if (Number.isSafeInteger(id)) return id;
  throw invalid(`the member id in the path is '${parameters['id']}'; it must be a whole number from 1`);
}
