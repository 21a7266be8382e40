/** `npm run crds`: writes the CRD from operator/api. With `--check` only says whether it is up to date. */
import { crdFile, crdPage } from './crd.ts';
import { makeFile } from './made-file.ts';

makeFile(crdFile, crdPage(), 'is not what the schemas in operator/api say');
