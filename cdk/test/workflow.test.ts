import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import validate from 'asl-validator';
import { expect, test } from 'vitest';
import { ROOT } from '../lib/stateless/worker.js';
import { host, resources } from './host.js';

const folder = join(ROOT, 'statemachines');
const files = readdirSync(folder).filter((file) => file.endsWith('.asl.json'));
const read = (file: string) => readFileSync(join(folder, file), 'utf8');

test.each(files)('%s is valid', (file) => {
  const { isValid, errorsText } = validate(JSON.parse(read(file)) as object, { checkPaths: true });
  expect(isValid, errorsText()).toBe(true);
});

test('the validator sees what is wrong', () => {
  const wrong = JSON.parse(read('command.asl.json')) as { StartAt: string };
  wrong.StartAt = 'Nowhere';
  expect(validate(wrong, { checkPaths: true }).isValid).toBe(false);
});

test('what the definition leaves open is what is substituted, and is the file of both hosts', () => {
  const machines = resources(host().stateless, 'AWS::StepFunctions::StateMachine');
  expect(machines).toHaveLength(1);
  const { DefinitionString, DefinitionSubstitutions, StateMachineType } = machines[0]?.Properties ?? {};
  const definition = read('command.asl.json');
  const open = new Set([...definition.matchAll(/\$\{(\w+)\}/g)].map((match) => match[1]));
  expect(DefinitionString).toBe(definition);
  expect(new Set(Object.keys(DefinitionSubstitutions as object))).toEqual(open);
  expect(open.size).toBe(4);
  expect(StateMachineType).toBe('EXPRESS');
});

test('dispatch has more time than the machine', () => {
  const { TimeoutSeconds } = JSON.parse(read('command.asl.json')) as { TimeoutSeconds: number };
  const dispatch = resources(host().stateless, 'AWS::Lambda::Function').find((resource) =>
    resource.Metadata['aws:cdk:path']?.includes('Dispatch'),
  );
  expect(dispatch?.Properties.Timeout).toBeGreaterThan(TimeoutSeconds);
});
