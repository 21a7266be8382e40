/** Pods of the tests' own, as the restricted standard admits them. */

/** One that runs one container once. @param spec beside the container, or in place of what is usual */
export function restrictedPod(
  metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> },
  container: object,
  spec: object,
): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata,
    spec: {
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 65532,
        fsGroup: 65532,
        seccompProfile: { type: 'RuntimeDefault' },
      },
      containers: [
        {
          name: metadata.name,
          imagePullPolicy: 'IfNotPresent',
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
          ...container,
        },
      ],
      ...spec,
    },
  };
}
