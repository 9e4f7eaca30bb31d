import { expect, test } from 'vitest';
import { choose, defaults, type Choices } from '../lib/options.js';

test('what is not chosen is as it was', () => {
  expect(choose()).toEqual(defaults);
  const chosen = choose({ dispatch: { backoff: 1 }, queue: 'standard' });
  expect(chosen.dispatch).toEqual({ ...defaults.dispatch, backoff: 1 });
  expect(chosen.queue).toBe('standard');
});

test.each([
  [{ que: 'fifo' }, 'there is no option `que`'],
  [{ dispatch: { visible: 3 } }, 'there is no option `dispatch.visible`'],
  [{ dispatch: { timeout: '3' } }, 'option `dispatch.timeout` must be of type number'],
  [{ dispatch: null }, 'option `dispatch` must be of type object'],
  [{ dispatch: [1] }, 'option `dispatch` must be of type object'],
  [{ queue: 'lifo' }, 'option `queue` must be one of fifo, standard'],
  [{ architecture: 'mips' }, 'option `architecture` must be one of arm64, x86_64'],
  [{ dispatch: { visibility: 10 } }, '`dispatch.visibility` is below `dispatch.timeout`'],
  [{ logRetention: 6 }, 'option `logRetention` must be one of'],
])('%j is refused', (choices, message) => {
  expect(() => choose(choices as unknown as Choices)).toThrow(message);
});
