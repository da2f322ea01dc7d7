/** A line for each request that would change something: who, what, and how it ended. No schema and no secret is in it. */
import type {
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  onResponseAsyncHookHandler,
  onSendAsyncHookHandler,
} from 'fastify';
import type { Logger } from '../../kernel';
import { requirementFor } from './requirements';

/** What replies tell of what was done. */
interface Told {
  readonly id?: number;
  readonly version?: number;
  readonly versions?: readonly number[];
  readonly errorCode?: number;
}

/** Also those that were refused, and those without a login. Routes that read are left as they are. */
export function auditWrites(api: FastifyInstance, log: Logger): void {
  const told = new WeakMap<FastifyRequest, Told>();
  const read: onSendAsyncHookHandler = async (request, _reply, payload) => {
    told.set(request, readReply(payload));
    return payload;
  };
  api.addHook('onRoute', (route) => {
    const action = [route.method].flat().map((method) => requirementFor(method, route.url).action)[0] ?? null;
    if (action === null) return;
    route.onSend = [route.onSend ?? [], read].flat();
    const tell: onResponseAsyncHookHandler = async (request, reply) => {
      log.info({ audit: action, ...lineOf(request, reply, told.get(request) ?? {}) }, 'Audit');
    };
    route.onResponse = [route.onResponse ?? [], tell].flat();
  });
}

function lineOf(request: FastifyRequest, reply: FastifyReply, told: Told): object {
  const { principal, socket, headers } = request;
  const { subject, context, logger } = request.params as Readonly<Record<string, string | undefined>>;
  const status = reply.statusCode;
  return {
    user: principal?.name ?? null,
    by: principal?.by ?? 'nothing',
    ...(subject !== undefined && { subject }),
    ...(context !== undefined && { context }),
    ...(logger !== undefined && { logger }),
    ...settingOf(request),
    outcome: OUTCOMES[Math.floor(status / 100)] ?? 'failed',
    status,
    ...told,
    requestId: reply.getHeader('x-request-id'),
    address: socket.remoteAddress,
    // Then it is that of the node that the client has asked.
    ...(headers['x-forward'] !== undefined && { forwarded: true }),
  };
}

const OUTCOMES: Readonly<Record<number, string>> = { 2: 'done', 4: 'refused', 5: 'failed' };

/** Members of bodies, and what lines call them: `level` is that of the line. */
const SETTINGS: Readonly<Record<string, string>> = {
  compatibility: 'compatibility',
  mode: 'mode',
  level: 'logLevel',
};

/** The new value where it is one of a few words. */
function settingOf({ body }: FastifyRequest): object {
  if (typeof body !== 'object' || body === null) return {};
  const members = Object.entries(body).flatMap(([name, value]) => {
    const told = Object.hasOwn(SETTINGS, name) && typeof value === 'string' && /^\w{1,30}$/.test(value);
    return told ? [[SETTINGS[name]!, value]] : [];
  });
  return Object.fromEntries(members);
}

/** What a proxy between two nodes answered may be anything. */
function parsed(payload: Buffer): unknown {
  try {
    return JSON.parse(payload.toString('utf8'));
  } catch {
    return null;
  }
}

function readReply(payload: unknown): Told {
  if (!Buffer.isBuffer(payload)) return {};
  const value = parsed(payload);
  if (typeof value === 'number') return { version: value };
  if (Array.isArray(value)) return { versions: value.filter((each) => typeof each === 'number') };
  const { id, version, error_code: errorCode } = (value ?? {}) as Readonly<Record<string, unknown>>;
  return {
    ...(typeof id === 'number' && { id }),
    ...(typeof version === 'number' && { version }),
    ...(typeof errorCode === 'number' && { errorCode }),
  };
}
