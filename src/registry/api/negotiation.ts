/** Media types of the registry's API: which one an answer has, and which ones a body may have. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { mediaType, sendJson, statusError } from '../../http';

export const V1_TYPE = 'application/vnd.schemaregistry.v1+json';

/** Best first: with equal wishes of the client the first one wins. */
const PRODUCED = [V1_TYPE, 'application/vnd.schemaregistry+json', 'application/json'] as const;
export const CONSUMED: readonly string[] = [...PRODUCED, 'application/octet-stream'];

interface Range {
  readonly pattern: string;
  readonly quality: number;
}

/** Headers of clients are few: each is parsed once. */
const answers = new Map<string, string | null>();
const MAX_ANSWERS = 256;

/** The media type for an Accept header; null when the client takes none of ours. */
export function negotiate(accept: string | undefined): string | null {
  if (accept === undefined || accept === '*/*' || accept === V1_TYPE) return V1_TYPE;
  let answer = answers.get(accept);
  if (answer === undefined) {
    answer = best(parseAccept(accept));
    if (answers.size >= MAX_ANSWERS) answers.clear();
    answers.set(accept, answer);
  }
  return answer;
}

function best(ranges: readonly Range[]): string | null {
  if (ranges.length === 0) return V1_TYPE;
  let chosen: string | null = null;
  let highest = 0;
  for (const type of PRODUCED) {
    const quality = qualityOf(type, ranges);
    if (quality > highest) [chosen, highest] = [type, quality];
  }
  return chosen;
}

/** The most specific range that matches decides, so `application/json;q=0, *\/*` excludes one type. */
function qualityOf(type: string, ranges: readonly Range[]): number {
  for (const pattern of [type, `${type.split('/', 1)[0]}/*`, '*/*']) {
    const range = ranges.find((candidate) => candidate.pattern === pattern);
    if (range !== undefined) return range.quality;
  }
  return 0;
}

function parseAccept(header: string): Range[] {
  return header
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => {
      const [pattern, ...parameters] = part.split(';').map((piece) => piece.trim().toLowerCase());
      const weight = parameters.find((parameter) => parameter.startsWith('q='));
      const quality = weight === undefined ? 1 : Number(weight.slice(2));
      // `*` alone is what some old clients send for everything.
      return { pattern: pattern === '*' ? '*/*' : pattern!, quality: Number.isNaN(quality) ? 0 : quality };
    });
}

const BODY_METHODS: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);

/** 415 and 406 come before the body is read, 415 first. */
export function negotiateRequests(api: FastifyInstance): void {
  api.addHook('onRequest', (request, _reply, done) => {
    const type = BODY_METHODS.has(request.method) ? mediaType(request.headers['content-type']) : null;
    if (type !== null && !CONSUMED.includes(type)) return done(statusError(415));
    if (negotiate(request.headers.accept) === null) return done(statusError(406));
    done();
  });
}

/** The type of an answer to this request, errors included: those of an impossible wish have the default one. */
export const replyType = (request: FastifyRequest): string => negotiate(request.headers.accept) ?? V1_TYPE;

export const answer = (reply: FastifyReply, value: unknown): FastifyReply =>
  sendJson(reply, value, replyType(reply.request));
