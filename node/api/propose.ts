/** A command on its way to the log, with the options of its request; refusals of the store become errors. */
import { refusalOf } from '../server/store-errors.ts';
import type { Command, Failed, Result } from '../store/types.ts';
import type { Exchange } from './exchange.ts';
import type { Query } from './query.ts';
import { requestOptions, writeOptions } from './request-options.ts';

export async function propose(
  exchange: Exchange,
  command: Command,
  query: Query,
  body: Buffer | null,
): Promise<Exclude<Result, Failed>> {
  const { api, request, path } = exchange;
  const { headers } = request;
  const key = headers['idempotency-key'];
  const options =
    key === undefined
      ? requestOptions(query, api)
      : writeOptions(
          String(key),
          {
            method: request.method!,
            path,
            query,
            ifMatch: headers['if-match'],
            ifNoneMatch: headers['if-none-match'],
            body,
          },
          api,
        );
  const result = await exchange.member.propose(command, options);
  if (result.kind === 'Failed') throw refusalOf(result);
  return result;
}
