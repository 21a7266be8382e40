{{- /*
What the operator may do, one rule a reason. test/chart/rbac.test.ts holds it against what its code asks for.
Server-side apply is "patch", and "create" for what is not there yet.
*/ -}}

{{- /* In the namespaces where RaftClusters are. */ -}}
{{- define "quorate.namespacedRules" -}}
# What users ask for; patch is for the finalizer that holds a deletion until the policy for volumes is applied.
- apiGroups: [quorate.dev]
  resources: [raftclusters]
  verbs: [get, list, watch, patch]
# What the operator says about it.
- apiGroups: [quorate.dev]
  resources: [raftclusters/status]
  verbs: [patch]
# Owner references that block deletion, where the API server asks who may set them.
- apiGroups: [quorate.dev]
  resources: [raftclusters/finalizers]
  verbs: [update]
# The members' pods and volumes come from these. They are never deleted: that is left to their owner's deletion.
- apiGroups: [apps]
  resources: [statefulsets]
  verbs: [get, list, watch, create, patch]
# Which member runs where; role labels; restarts of pods that take no part, and of those on dead nodes.
- apiGroups: ['']
  resources: [pods]
  verbs: [get, list, watch, patch, delete]
# Restarts of healthy voters, which the PodDisruptionBudget may refuse.
- apiGroups: ['']
  resources: [pods/eviction]
  verbs: [create]
# Whose data a volume holds; growth; removal once a member is proved gone. StatefulSets create them.
- apiGroups: ['']
  resources: [persistentvolumeclaims]
  verbs: [get, list, watch, patch, delete]
# The ways to the members.
- apiGroups: ['']
  resources: [services]
  verbs: [get, list, watch, create, patch, delete]
# The leader's Service has no selector: its one endpoint is written here.
- apiGroups: [discovery.k8s.io]
  resources: [endpointslices]
  verbs: [get, list, watch, create, patch, delete]
# It is a pod's address, which OpenShift asks this right for.
- apiGroups: [discovery.k8s.io]
  resources: [endpointslices/restricted]
  verbs: [create]
# The token for administrative calls, and certificates. The operator asks for those with its label alone, which a role
# cannot say: where that is too much, scope=Namespace keeps it to one namespace.
- apiGroups: ['']
  resources: [secrets]
  verbs: [get, list, watch, create, patch]
# Drains may not take a quorum.
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [get, list, watch, create, patch, delete]
# What was done, for `kubectl describe`.
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
# Whether the namespace is being deleted: then nothing is created. In a Role, this is the right to its own.
- apiGroups: ['']
  resources: [namespaces]
  verbs: [get]
# Monitoring, where the API server has the kind.
- apiGroups: [monitoring.coreos.com]
  resources: [podmonitors, prometheusrules]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [grafana.integreatly.org]
  resources: [grafanadashboards]
  verbs: [get, list, watch, create, patch, delete]
{{- end }}

{{- /* Of things that lie in no namespace. */ -}}
{{- define "quorate.clusterRules" -}}
# Whether a member's node is gone, out of service or cordoned.
- apiGroups: ['']
  resources: [nodes]
  verbs: [get, list, watch]
# Whether volumes of a class can grow.
- apiGroups: [storage.k8s.io]
  resources: [storageclasses]
  verbs: [list, watch]
{{- if eq .Values.scope "Cluster" }}
# Which namespaces are being deleted.
- apiGroups: ['']
  resources: [namespaces]
  verbs: [list, watch]
{{- end }}
{{- end }}

{{- /* In the operator's own namespace. */ -}}
{{- define "quorate.ownRules" -}}
# Who of the replicas acts.
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [get, create, patch]
{{- end }}
