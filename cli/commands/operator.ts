/** `quorate operator` */
import type { Command } from 'commander';
import { addOperatorSettings, operatorFlags } from '../../operator/config.ts';
import { endWhileLoading } from '../end-while-loading.ts';
import { becomeSmall, operatorNodeFlags } from '../small-memory.ts';

export function define(command: Command): void {
  addOperatorSettings(command)
    .addHelpText(
      'after',
      `
Examples:
  quorate operator                                      in a pod of the cluster
  quorate operator --context kind-kind --image quorate:dev --lease-namespace default
                                                        outside of it, against what a kubeconfig names`,
    )
    .action(run);
}

async function run(_: unknown, command: Command): Promise<void> {
  becomeSmall(operatorNodeFlags);
  process.exitCode = await endWhileLoading(async () => {
    const { runOperator } = await import('../../operator/main.ts');
    return () => runOperator(operatorFlags(command), process.env);
  });
}
