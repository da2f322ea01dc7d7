/** Where our answers differ from a JVM worker's, and why. */
export interface Shown {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly json: unknown;
  readonly text?: string;
}

export interface Deviation {
  /** Any unless given. */
  readonly file?: string;
  /** Of `METHOD path body`. */
  readonly request: RegExp;
  readonly why: string;
  isRight(ours: Shown, theirs: Shown): boolean;
}

interface Row {
  readonly class: string;
  readonly type: string;
}

const rowsOf = ({ json }: Shown): readonly Row[] => json as readonly Row[];
const has = (answer: Shown, type: string, ...classes: readonly string[]): boolean =>
  classes.every((name) => rowsOf(answer).some((row) => row.class === name && row.type === type));
const FILE = 'org.apache.kafka.connect.file.FileStream';
const hasFileConnectors = (answer: Shown): boolean =>
  answer.status === 200 &&
  has(answer, 'sink', `${FILE}SinkConnector`) &&
  has(answer, 'source', `${FILE}SourceConnector`);
const isAllKinds = (answer: Shown): boolean =>
  hasFileConnectors(answer) &&
  has(answer, 'transformation', 'org.apache.kafka.connect.transforms.Cast$Value') &&
  has(answer, 'converter', 'org.apache.kafka.connect.json.JsonConverter');
const named = (answer: Shown, name: string): boolean =>
  answer.status === 200 && JSON.stringify(answer.json).includes(`"name":${JSON.stringify(name)}`);

interface Key {
  readonly name: string;
}

/** All of their keys are there with the same definitions; versions are each worker's own. */
const hasKeys = (ours: Shown, theirs: Shown): boolean => {
  const text = (key: Key | undefined): string =>
    JSON.stringify(key)
      .replace(/"order":-?\d+/, '')
      .replace(/(plugin\.version".*"default_value":)"[^"]*"/, '$1');
  const [known, wanted] = [ours.json as readonly Key[], theirs.json as readonly Key[]];
  return wanted.every((key) => text(key) === text(known.find(({ name }) => name === key.name)));
};

const isRefused = (name: string) => (answer: Shown) =>
  answer.status === 404 && JSON.stringify(answer.json).includes(`No status found for connector ${name}`);

export const DEVIATIONS: readonly Deviation[] = [
  {
    file: 'create-errors',
    request: /^POST .*"golden-a"/,
    why: 'null for a key without a default is told at once; there the connector is created, and fails',
    isRight: ({ status, json }) =>
      status === 400 &&
      JSON.stringify(json).includes('Null value can not be supplied as the configuration value.'),
  },
  {
    file: 'create-errors',
    request: /^GET \/connectors\/golden-a\/status$/,
    why: 'it was not created',
    isRight: isRefused('golden-a'),
  },
  {
    file: 'create-errors',
    request: /^GET \/connectors\/golden-[bc]\/status$/,
    why: 'topic.creation.* is looked at by the task that creates topics, not by the connector',
    isRight: ({ status }) => status === 200,
  },
  {
    file: 'plugins',
    request: /FileStream\w+\/config$/,
    why: 'our file connectors have more keys',
    isRight: hasKeys,
  },
  {
    file: 'validate-errors',
    request: /"(FileStreamSource)"/,
    why: 'our file connectors have more keys; test/worker/validation compares the rest',
    isRight: ({ status, json }, theirs) =>
      status === theirs.status &&
      (json as { error_count?: number }).error_count ===
        (theirs.json as { error_count?: number }).error_count,
  },
  {
    request: /^GET \/connector-plugins(\/|\?connectorsOnly=true)?$/,
    why: 'we have more connectors',
    isRight: (answer) =>
      hasFileConnectors(answer) && rowsOf(answer).every(({ type }) => /^s(ink|ource)$/.test(type)),
  },
  {
    request: /^GET \/connector-plugins\?connectorsOnly(=false|=nonsense)?$/,
    why: 'we have more plug-ins',
    isRight: isAllKinds,
  },
  {
    file: 'names',
    request: /^POST \/connectors .*"golden(\/slash|%25)"/,
    why: 'the Location there leads nowhere',
    isRight: ({ status, headers }) =>
      status === 201 && /\/connectors\/golden%2(Fslash|525)$/.test(headers.location ?? ''),
  },
  {
    file: 'names',
    request: /^GET \/connectors\/golden%2Fslash/,
    why: 'Jetty refuses paths with an encoded slash',
    isRight: (answer) => named(answer, 'golden/slash'),
  },
  {
    file: 'names',
    request: /^GET \/connectors\/golden%2525\/config$/,
    why: 'Jetty refuses paths with an encoded percent sign',
    isRight: (answer) => named(answer, 'golden%25'),
  },
  {
    file: 'names',
    request: /^GET \/connectors\/golden%5Cb\/config$/,
    why: 'Jetty refuses paths with a backslash',
    isRight: (answer) => named(answer, 'golden\\b'),
  },
  {
    file: 'names',
    request: /^GET \/connectors\/golden%zz$/,
    why: "the text is Jetty's page",
    isRight: ({ status, json }) =>
      status === 400 && JSON.stringify(json) === '{"error_code":400,"message":"HTTP 400 Bad Request"}',
  },
  {
    file: 'names',
    request: /^GET \/connectors\/golden%26amp\/config$/,
    why: 'a rebalance was under way there',
    isRight: (answer) => named(answer, 'golden&amp'),
  },
  {
    file: 'put-config',
    request: /^GET \/connectors\/golden\/config$/,
    why: 'a rebalance was under way there',
    isRight: (answer) => named(answer, 'golden'),
  },
  {
    file: 'loggers',
    request: /^GET \/admin\/loggers\/$/,
    why: 'each worker has loggers of its own',
    isRight: ({ status, json }) => status === 200 && (json as Record<string, unknown>).root !== undefined,
  },
  {
    file: 'plugins',
    request: /transforms\.Cast\/config$/,
    why: 'the abstract class is no plug-in of ours, and so not known',
    isRight: ({ status }) => status === 404,
  },
  {
    file: 'lifecycle',
    request: /^POST \/connectors\/golden\/tasks\/0\/restart$/,
    why: 'a stopped connector has no tasks; there nobody is found to restart it, for ever',
    isRight: ({ status, json }, theirs) =>
      theirs.status === 409
        ? status === 404 && JSON.stringify(json).includes('Unknown task')
        : status === theirs.status,
  },
];

/** States that a connector here does not come to. */
export const UNREACHED: readonly { readonly file: string; readonly path: string }[] = [
  { file: 'create-errors', path: '/connectors/golden-c/status' },
];
