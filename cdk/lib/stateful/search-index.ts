import { RemovalPolicy, Validations } from 'aws-cdk-lib';
import { EbsDeviceVolumeType } from 'aws-cdk-lib/aws-ec2';
import { PolicyStatement, type IGrantable } from 'aws-cdk-lib/aws-iam';
import { type IKey } from 'aws-cdk-lib/aws-kms';
import { Domain, EngineVersion, TLSSecurityPolicy } from 'aws-cdk-lib/aws-opensearchservice';
import { Construct } from 'constructs';
import { aliasOf, Variable, type Environment } from '../environment.js';
import type { Options } from '../options.js';
import type { View } from '../views.js';
import { MINUTE, type Alarms } from './alarms.js';

/** What a reader posts: queries, and a refresh before them. */
const READING = ['_search', '_mget', '_count', '_refresh'] as const;

/** The search domain. Rights are told by index: `<prefix><view>-<revision>` is an alias, `<alias>-<generation>` the index behind. */
export class SearchIndex extends Construct {
  readonly domain: Domain;
  readonly prefix: string;
  /** What a function must be told to use it. */
  readonly environment: Environment;

  constructor(scope: Construct, id: string, props: { options: Options['search']; key: IKey; alarms: Alarms }) {
    super(scope, id);
    const { options, key, alarms } = props;
    this.prefix = options.prefix;
    const zones = options.nodes > 1;
    this.domain = new Domain(this, 'Domain', {
      version: EngineVersion.openSearch(options.version),
      capacity: {
        dataNodes: options.nodes,
        dataNodeInstanceType: options.instanceType,
        multiAzWithStandbyEnabled: false,
      },
      zoneAwareness: zones ? { enabled: true, availabilityZoneCount: 2 } : { enabled: false },
      ebs: { volumeSize: options.volume, volumeType: EbsDeviceVolumeType.GP3 },
      encryptionAtRest: { enabled: true, kmsKey: key },
      nodeToNodeEncryption: true,
      enforceHttps: true,
      tlsSecurityPolicy: TLSSecurityPolicy.TLS_1_2,
      // else a right on one index would be one on all: a bulk's items could name any
      advancedOptions: { 'rest.action.multi.allow_explicit_index': 'false' },
      removalPolicy: RemovalPolicy.RETAIN,
    });
    this.environment = {
      [Variable.searchDomain]: this.domain.domainName,
      [Variable.indexGeneration]: String(options.generation),
      ...(options.prefix === '' ? {} : { [Variable.indexPrefix]: options.prefix }),
    };
    alarms.raise(this, 'Red', {
      says: 'An index lacks a primary shard: views are not written, and reads fail.',
      metric: this.domain.metricClusterStatusRed({ period: MINUTE }),
      from: 1,
    });
    alarms.raise(this, 'WritesBlocked', {
      says: 'The domain takes no writes, for want of room or memory.',
      metric: this.domain.metricClusterIndexWritesBlocked({ period: MINUTE }),
      from: 1,
    });
    const reasons = {
      OS1: 'reached by signed requests only; a network of its own would need endpoints for every service the functions call',
      OS3: 'requests are allowed by the roles of the functions, index by index, and not by their addresses',
      OS4: 'dedicated masters cost more than the data nodes at this size; the index is rebuilt from the commits',
      OS5: 'without an access policy only requests signed by a role that allows them are served',
      OS7: 'zone awareness follows the number of nodes',
      'OS9[LogExport::SEARCH_SLOW_LOGS]': 'slow logs would hold what people searched for',
      'OS9[LogExport::INDEX_SLOW_LOGS]': 'slow logs would hold what was written of people',
    };
    for (const [rule, reason] of Object.entries(reasons)) {
      Validations.of(this.domain).acknowledge({ id: `AwsSolutions-${rule}`, reason });
    }
  }

  /** Finding the domain's endpoint. */
  grantFind(finder: IGrantable): void {
    this.#allow(finder, ['es:DescribeDomain'], [this.domain.domainArn]);
  }

  /** Asking how the domain is. */
  grantHealth(asker: IGrantable): void {
    this.grantFind(asker);
    this.#allow(asker, ['es:ESHttpGet'], [this.#path('_cluster/health')]);
  }

  /** Reading a view by its alias. What may be posted is told to the letter: a `*` reaches over slashes, to documents. */
  grantRead(reader: IGrantable, view: View): void {
    const alias = this.#path(aliasOf(this.prefix, view));
    this.grantFind(reader);
    this.#allow(reader, ['es:ESHttpGet', 'es:ESHttpHead'], [`${alias}*`]);
    this.#allow(
      reader,
      ['es:ESHttpPost'],
      READING.map((verb) => `${alias}/${verb}`),
    );
  }

  /** Going on with a search over a whole index, and ending it. */
  grantScroll(reader: IGrantable): void {
    this.#allow(reader, ['es:ESHttpPost', 'es:ESHttpDelete'], [this.#path('_search/scroll')]);
  }

  /** Making a view's indices, leading its alias to them, and writing and reading their documents. */
  grantWrite(writer: IGrantable, view: View): void {
    const name = aliasOf(this.prefix, view);
    const alias = this.#path(name);
    const verbs = ['Get', 'Head', 'Post', 'Put'].map((verb) => `es:ESHttp${verb}`);
    this.grantFind(writer);
    this.#allow(writer, verbs, [alias, `${alias}/*`, `${alias}-*`]);
    this.#allow(writer, ['es:ESHttpGet'], [this.#path(`_alias/${name}`)]);
    this.#allow(writer, ['es:ESHttpPost'], [this.#path('_aliases')]);
  }

  #path(path: string): string {
    return `${this.domain.domainArn}/${path}`;
  }

  #allow(grantee: IGrantable, actions: string[], resources: string[]): void {
    grantee.grantPrincipal.addToPrincipalPolicy(new PolicyStatement({ actions, resources }));
  }
}
