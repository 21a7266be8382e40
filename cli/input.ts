/** What commands read: a file, or standard input under the name `-`. */
import { readFile } from 'node:fs/promises';
import { UserError } from './user-error.ts';

export async function readInput(file: string): Promise<Buffer> {
  if (file === '-') return readStandardInput();
  try {
    return await readFile(file);
  } catch (error) {
    throw new UserError(`cannot read ${file}: ${(error as Error).message}`);
  }
}

async function readStandardInput(): Promise<Buffer> {
  if (process.stdin.isTTY) process.stderr.write('reading from the terminal; end with Ctrl-D\n');
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
