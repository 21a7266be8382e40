/** From a dashboard's data to the JSON that Grafana imports. */

import * as common from '@grafana/grafana-foundation-sdk/common';
import {
  ReduceDataOptionsBuilder,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import * as sdk from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import type { Dashboard, Panel, Query, Variable } from './types.ts';

const DATASOURCE = { type: 'prometheus', uid: '$datasource' };
/** Of the 24 columns of Grafana's grid. */
const STAT = { width: 4, height: 4 };
const TIMESERIES = { width: 8, height: 8 };

export function buildDashboard({ uid, title, description, variables, rows }: Dashboard): sdk.Dashboard {
  const builder = new sdk.DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags(['quorate'])
    .refresh('30s')
    .time({ from: 'now-1h', to: 'now' })
    .tooltip(sdk.DashboardCursorSync.Crosshair)
    .withVariable(new sdk.DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'));
  for (const variable of variables) builder.withVariable(queryVariable(variable));
  for (const row of rows) {
    builder.withRow(new sdk.RowBuilder(row.title));
    for (const panel of row.panels) builder.withPanel(panel.kind === 'stat' ? stat(panel) : timeseries(panel));
  }
  return builder.build();
}

function queryVariable({ name, label, query }: Variable): sdk.QueryVariableBuilder {
  return (
    new sdk.QueryVariableBuilder(name)
      .label(label)
      .query(query)
      .datasource(DATASOURCE)
      .refresh(sdk.VariableRefresh.OnTimeRangeChanged)
      .sort(sdk.VariableSort.AlphabeticalAsc)
      .multi(true)
      .includeAll(true)
      // Also series that lack the label, as those of members outside Kubernetes.
      .allValue('.*')
      .current({ text: 'All', value: '$__all' })
  );
}

function timeseries({ title, description, unit, queries }: Panel): TimeseriesBuilder {
  const panel = new TimeseriesBuilder()
    .title(title)
    .description(description)
    .datasource(DATASOURCE)
    .unit(unit)
    .min(0)
    .span(TIMESERIES.width)
    .height(TIMESERIES.height)
    .fillOpacity(5)
    .lineWidth(1)
    .showPoints(common.VisibilityMode.Never)
    .legend(
      new VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(common.LegendDisplayMode.List)
        .placement(common.LegendPlacement.Bottom),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(common.TooltipDisplayMode.Multi).sort(common.SortOrder.Descending));
  for (const [index, query] of queries.entries()) panel.withTarget(target(query, index));
  return panel;
}

function stat({ title, description, unit, queries, redFrom, redBelow }: Panel): StatBuilder {
  const panel = new StatBuilder()
    .title(title)
    .description(description)
    .datasource(DATASOURCE)
    .unit(unit)
    .span(STAT.width)
    .height(STAT.height)
    .colorMode(common.BigValueColorMode.Value)
    .graphMode(common.BigValueGraphMode.None)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']))
    .thresholds(thresholds(redFrom, redBelow));
  for (const [index, query] of queries.entries()) panel.withTarget(target(query, index).instant());
  return panel;
}

function thresholds(redFrom: number | undefined, redBelow: number | undefined): sdk.ThresholdsConfigBuilder {
  const steps: sdk.Threshold[] = [{ value: null, color: redBelow === undefined ? 'green' : 'red' }];
  if (redBelow !== undefined) steps.push({ value: redBelow, color: 'green' });
  if (redFrom !== undefined) steps.push({ value: redFrom, color: 'red' });
  return new sdk.ThresholdsConfigBuilder().mode(sdk.ThresholdsMode.Absolute).steps(steps);
}

function target({ expr, legend }: Query, index: number): DataqueryBuilder {
  return new DataqueryBuilder()
    .refId(String.fromCharCode('A'.charCodeAt(0) + index))
    .datasource(DATASOURCE)
    .expr(expr)
    .legendFormat(legend);
}
