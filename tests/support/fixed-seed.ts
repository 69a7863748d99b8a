/*
 * In CI every property gets the same examples in every run, so that a failure is the change's that it judges. By hand every run has others: what those
 * find is a defect as well, and is mended by whoever sees it.
 */
if (process.env.CI === 'true') {
  const { default: fc } = await import('fast-check');
  fc.configureGlobal({ seed: 1 });
}
