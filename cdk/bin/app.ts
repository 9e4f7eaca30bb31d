import { app, factmill } from '../lib/app.js';
import { choose, read } from '../lib/options.js';

const scope = app();
// `-c options=<file>`: a JSON file of what differs from the defaults
const file = scope.node.tryGetContext('options') as string | undefined;
const { CDK_DEFAULT_ACCOUNT: account, CDK_DEFAULT_REGION: region } = process.env;
factmill(scope, file === undefined ? choose() : read(file), {
  ...(account ? { account } : {}),
  ...(region ? { region } : {}),
});
