import { describe, expect, it } from 'vitest';
import { SamplingTable } from '../../../collector/templates/sampling.js';

describe('the sampling table', () => {
  it('answers with the sampler, else with what holds for the domain', () => {
    const table = new SamplingTable(8);
    table.set(1, 100);
    table.set(2, 200);
    expect([table.of(1), table.of(2), table.of(3), table.domainInterval]).toEqual([100, 200, 0, 0]);
    table.set(undefined, 50);
    expect([table.of(1), table.of(3), table.domainInterval]).toEqual([100, 50, 50]);
    table.set(3, 300);
    expect(table.domainInterval).toBe(50);
  });

  it('ignores an interval that says nothing, and samplers beyond its bound', () => {
    const table = new SamplingTable(1);
    table.set(undefined, 0);
    table.set(1, Number.NaN);
    table.set(1, 100);
    table.set(2, 200);
    table.set(1, 150);
    expect([table.of(1), table.of(2)]).toEqual([150, 150]);
  });
});
