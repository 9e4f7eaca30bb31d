import { expect, test } from 'vitest';
import { host, type Json } from './host.js';

test('the templates are those that were read', () => {
  const { stateful, stateless } = host();
  const read = (template: { toJSON: () => unknown }) => settle(template.toJSON() as Json);
  expect({ stateful: read(stateful), stateless: read(stateless) }).toMatchSnapshot();
});

/** Without what changes with every build: the hashes of assets. */
function settle(value: Json): Json {
  if (typeof value === 'string') return value.replace(/[0-9a-f]{64}/g, '<asset>');
  if (Array.isArray(value)) return value.map(settle);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, settle(inner)]));
}
