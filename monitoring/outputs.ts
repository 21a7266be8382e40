/** The files that the chart ships, made from the alerts and dashboards of this folder. */
import { stringify } from 'yaml';
import { memberAlerts } from './alerts/member-alerts.ts';
import { operatorAlerts } from './alerts/operator-alerts.ts';
import { type Alert, ruleGroup } from './alerts/types.ts';
import { buildDashboard } from './dashboards/build.ts';
import { membersDashboard } from './dashboards/members.ts';
import { operatorDashboard } from './dashboards/operator.ts';
import type { Dashboard } from './dashboards/types.ts';

/** Of a folder that holds nothing else: contents by path below it. */
export type Output = { readonly folder: string; readonly files: ReadonlyMap<string, string> };

export const monitoringOutputs: readonly Output[] = [
  alerts('members', memberAlerts),
  alerts('operator', operatorAlerts),
  {
    folder: 'charts/quorate/files/dashboards',
    files: new Map([
      ['members.json', dashboard(membersDashboard)],
      ['operator.json', dashboard(operatorDashboard)],
    ]),
  },
];

function alerts(of: 'members' | 'operator', list: readonly Alert[]): Output {
  return {
    folder: `charts/quorate/files/alerts/${of}`,
    files: new Map(list.map((alert) => [`${alert.name}.yaml`, stringify({ groups: [ruleGroup(alert)] })])),
  };
}

function dashboard(of: Dashboard): string {
  return `${JSON.stringify(buildDashboard(of), null, 2)}\n`;
}
