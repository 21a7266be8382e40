/** The CustomResourceDefinition of RaftCluster, made from the schemas that its TypeScript types come from. */
import { stringify } from 'yaml';
import { z } from 'zod';
import { raftClusterRules, raftClusterSpec } from '../operator/api/spec.ts';
import { raftClusterStatus } from '../operator/api/status.ts';
import { group, kind, plural } from '../operator/api/types.ts';
import { structural } from './structural-schema.ts';

export const crdFile: string = `crds/${group}_${plural}.yaml`;

export function crdPage(): string {
  const head = '# Made by `npm run crds` from operator/api: change it there.\n';
  return head + stringify(crd, { lineWidth: 0, aliasDuplicateObjects: false });
}

const column = (name: string, jsonPath: string, type: string, description: string, priority = 0): object => ({
  name,
  type,
  jsonPath,
  description,
  ...(priority === 0 ? {} : { priority }),
});

const ready = '.status.conditions[?(@.type=="Ready")]';

const crd = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${plural}.${group}` },
  spec: {
    group,
    scope: 'Namespaced',
    names: {
      kind,
      plural,
      singular: 'raftcluster',
      listKind: 'RaftClusterList',
      shortNames: ['raft'],
      categories: ['all'],
    },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: {
          status: {},
          scale: {
            specReplicasPath: '.spec.replicas',
            statusReplicasPath: '.status.replicas',
            labelSelectorPath: '.status.selector',
          },
        },
        additionalPrinterColumns: [
          column('Ready', `${ready}.status`, 'string', 'Whether it serves, whole, as its spec says.'),
          column('Voters', '.status.voters', 'string', 'Ready voting members of those wanted.'),
          column('Leader', '.status.leader', 'string', 'Member that leads.'),
          column('Version', '.status.currentVersion', 'string', 'Lowest version that a member runs.'),
          column('Status', `${ready}.reason`, 'string', 'What it is doing, or what is wrong.'),
          column('Age', '.metadata.creationTimestamp', 'date', 'Since when it exists.'),
          column('Learners', '.status.learners', 'integer', 'Members that do not vote.', 1),
          column('Plan', '.status.plan.action', 'string', 'What the operator does next.', 1),
          column('Storage', '.spec.storage.size', 'string', "Size of each member's volume.", 1),
          column('Cluster ID', '.status.clusterID', 'string', 'Identity of the data.', 1),
        ],
        schema: {
          openAPIV3Schema: {
            type: 'object',
            description: 'A replicated key-value store, kept whole by the operator of Quorate.',
            properties: {
              apiVersion: { type: 'string', description: 'Version of this schema.' },
              kind: { type: 'string', description: 'RaftCluster.' },
              metadata: { type: 'object' },
              spec: structural(
                z.toJSONSchema(raftClusterSpec.prefault({}).describe('What is wanted.'), {
                  io: 'input',
                  reused: 'inline',
                }),
              ),
              status: {
                ...structural(
                  z.toJSONSchema(raftClusterStatus.describe('What is, as the operator last saw it.'), {
                    io: 'input',
                    reused: 'inline',
                  }),
                ),
                default: { observedGeneration: -1 },
              },
            },
            ...raftClusterRules,
          },
        },
      },
    ],
  },
};
