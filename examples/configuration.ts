/**
 * Configuration that every instance of a program follows as it changes: read once, then watched from the very next
 * revision on, so that no change falls between the two.
 *
 *     node examples/configuration.ts                  in one terminal, and in another:
 *     npx quorate put config/color green
 */
import { type Client, CompactedError, createClient } from 'quorate/client';
import { endpoints } from './endpoints.ts';

const PREFIX = 'config/';

async function* configurations(client: Client): AsyncGenerator<ReadonlyMap<string, string>> {
  for (;;) {
    const settings = new Map<string, string>();
    let revision = 0;
    for await (const page of client.pages({ prefix: PREFIX })) {
      revision = page.revision;
      for (const { key, value } of page.items) settings.set(key.slice(PREFIX.length), value);
    }
    yield settings;
    try {
      for await (const { events } of client.watch({ prefix: PREFIX, startRevision: revision + 1 })) {
        for (const { type, item } of events) {
          const name = item.key.slice(PREFIX.length);
          if (type === 'put') settings.set(name, item.value);
          else settings.delete(name);
        }
        yield settings;
      }
    } catch (error) {
      // We were away for so long that what happened is forgotten: begin anew from what is.
      if (!(error instanceof CompactedError)) throw error;
    }
  }
}

for await (const settings of configurations(createClient({ endpoints }))) {
  console.log(`now: ${[...settings].map(([name, value]) => `${name}=${value}`).join(' ') || 'nothing configured'}`);
  if (settings.get('stop') === 'yes') break;
}
