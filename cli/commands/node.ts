/** `quorate node` */
import type { Command } from 'commander';
import { addSettings, settingsGiven } from '../../node/config/command.ts';
import { endWhileLoading } from '../end-while-loading.ts';
import { becomeSmall } from '../small-memory.ts';

export function define(command: Command): void {
  addSettings(command)
    .addHelpText(
      'after',
      `
Examples:
  quorate node --name m1 --initial-cluster m1=http://10.0.0.1:2379,m2=http://10.0.0.2:2379,m3=http://10.0.0.3:2379 \\
    --listen-client {{private}}:2379 --listen-peer {{private}}:2380
  quorate node --name m4 --join http://10.0.0.1:2379 --listen-client {{private}}:2379 --listen-peer {{private}}:2380
  quorate node                       an empty member that waits for quorate member add`,
    )
    .action(run);
}

async function run(_: unknown, command: Command): Promise<void> {
  becomeSmall();
  stopWithParent();
  process.exitCode = await endWhileLoading(async () => {
    const { runMember } = await import('../../node/main.ts');
    return () => runMember(settingsGiven(command), process.env);
  });
}

/** Members of `quorate up` must not outlive it, however it ends: they would hold its ports and folders. */
function stopWithParent(): void {
  if (process.send === undefined) return;
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  process.channel?.unref();
}
