import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { expect, test } from 'vitest';
import { unsynthesized } from './host.js';

interface Report {
  readonly pluginReports: { readonly violations: { readonly ruleName: string }[] }[];
}

test('the host has no finding that is not acknowledged with its reason', () => {
  const { app } = unsynthesized();
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  expect(() => app.synth()).toThrow('IAM5');
  const report = JSON.parse(readFileSync(join(app.outdir, 'validation-report.json'), 'utf8')) as Report;
  const found = report.pluginReports.flatMap(({ violations }) => violations.map(({ ruleName }) => ruleName));
  // each `*` in a right has a finding of its own; they stand in permissions.json, with every other right
  expect(found.filter((rule) => !rule.includes('AwsSolutions-IAM5['))).toEqual([]);
});
