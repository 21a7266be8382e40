/** Panels as dashboards write them down: one line a panel. */
import type { Panel, Query } from './types.ts';

export const query = (legend: string, expr: string): Query => ({ expr, legend });

export const graph = (title: string, unit: string, description: string, ...queries: readonly Query[]): Panel => ({
  kind: 'timeseries',
  title,
  description,
  unit,
  queries,
});

export const number = (
  title: string,
  description: string,
  expr: string,
  red: { readonly redFrom?: number; readonly redBelow?: number } = {},
): Panel => ({ kind: 'stat', title, description, unit: 'none', queries: [query('', expr)], ...red });
