/**
 * `npm run manifests`: writes the chart's copy of the CRD, and deploy/operator.yaml, which is the chart's own output for
 * those who do without Helm. With `--check` only says whether they are up to date; the second only where `helm` is.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseDocument } from 'yaml';
import { crdFile } from './crd.ts';
import { fail, isCheck, makeFile } from './made-file.ts';

const CHART_CRD = `charts/quorate/files/${path.basename(crdFile)}`;
const MANIFEST = 'deploy/operator.yaml';
const NAMESPACE = 'quorate-system';
/** Helm without a cluster assumes an old one. */
const KUBERNETES = '1.33.0';

const HEADER = `# The operator of Quorate, for all namespaces, without Helm. Made by \`npm run manifests\` from charts/quorate.
#
#   kubectl apply --server-side -f crds/ && kubectl apply -f deploy/operator.yaml
---
apiVersion: v1
kind: Namespace
metadata:
  name: ${NAMESPACE}
  labels:
    pod-security.kubernetes.io/enforce: restricted
`;

/** Labels that are true of a release only. */
const OF_HELM = /^ *(?:app\.kubernetes\.io\/managed-by: Helm|helm\.sh\/chart: .*)\n/gm;

const COMPLAINT = 'is not up to date';

makeFile(CHART_CRD, keptCrd(), COMPLAINT);
const manifest = renderedManifest();
if (manifest !== null) makeFile(MANIFEST, manifest, COMPLAINT);
else if (isCheck) console.log(`${MANIFEST} is not compared: helm is not on PATH`);
else fail(`helm is not on PATH: it makes ${MANIFEST}`);

/** Uninstalling the chart must not take the kind away, and every cluster with it. */
function keptCrd(): string {
  const document = parseDocument(readFileSync(crdFile, { encoding: 'utf8' }));
  document.setIn(['metadata', 'annotations', 'helm.sh/resource-policy'], 'keep');
  return document.toString({ lineWidth: 0 });
}

/** Null without helm. */
function renderedManifest(): string | null {
  const args = ['template', 'quorate', 'charts/quorate', '--namespace', NAMESPACE, '--kube-version', KUBERNETES];
  args.push('--set', 'crds.install=false');
  const helm = spawnSync('helm', args, { encoding: 'utf8' });
  if (helm.error !== undefined) return null;
  if (helm.status !== 0) throw new Error(`helm ${args.join(' ')}: ${helm.stderr}`);
  return `${HEADER}${helm.stdout.replace(OF_HELM, '')}`;
}
