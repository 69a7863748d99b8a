/** The severities of claims and findings, worst first: detector/claims/compiled.ts SEVERITIES, which dashboards may not import. */
export const SEVERITIES = ['critical', 'high', 'medium', 'low', 'info'] as const;
