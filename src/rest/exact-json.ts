import type { FastifyReply } from 'fastify';
import { sendBytes } from '../http';

/** Not in any text, as it is no character that JSON leaves as it is. */
const MARK = '\u0001';
const MARKED = /"\\u0001(-?\d+)\\u0001"/g;

/** JSON with integers beyond 2^53, which are bigints here, as plain numbers. */
export function sendExact(reply: FastifyReply, value: unknown): FastifyReply {
  let isMarked = false;
  const text = JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner !== 'bigint') return inner;
    isMarked = true;
    return MARK + inner + MARK;
  });
  return sendBytes(reply, Buffer.from(isMarked ? text.replace(MARKED, '$1') : text));
}
