import { createRequire } from 'node:module';
import { App, type AppProps, type Environment } from 'aws-cdk-lib';
import type { Options } from './options.js';
import { StatefulStack } from './stateful/stack.js';
import { StatelessStack } from './stateless/stack.js';
import { views } from './views.js';

// the library's own recommendations, of the version that is locked
const recommended = createRequire(import.meta.url)('aws-cdk-lib/recommended-feature-flags.json') as object;

/** An app with the behaviour that the library recommends to new ones. */
export function app(props: AppProps = {}): App {
  return new App({
    ...props,
    postCliContext: { ...recommended, '@aws-cdk/core:defaultCrossStackReferences': 'strong' },
  });
}

/** The whole host: what keeps, and what handles. */
export function factmill(scope: App, options: Options, env: Environment = {}) {
  const common = { options, env, views: views() };
  const stateful = new StatefulStack(scope, 'FactmillStateful', common);
  const stateless = new StatelessStack(scope, 'FactmillStateless', { ...common, stateful });
  return { stateful, stateless };
}
