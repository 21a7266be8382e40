/** `npm run docs`: writes docs/settings.md from the schema. With `--check` only says whether it is up to date. */
import { makeFile } from './made-file.ts';
import { settingsPage } from './settings-page.ts';

makeFile('docs/settings.md', settingsPage(), 'is not what the schema in node/config/settings.ts says');
