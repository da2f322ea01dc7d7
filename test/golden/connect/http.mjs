/** Requests as they are written, and answers without what differs from one worker or moment to the next. */
import { request as send } from 'node:http';

const DROPPED = new Set(['date', 'server', 'content-length', 'connection', 'keep-alive', 'transfer-encoding', 'vary']);

/** `json` is sent as JSON, `text` as it is; a request has no Content-Type but the one that is given or that of `json`. */
export function exchange(base, { method = 'GET', path, headers = {}, json, text }) {
  const url = new URL(base);
  const body = json === undefined ? text : JSON.stringify(json);
  const type = json === undefined ? {} : { 'content-type': 'application/json' };
  return new Promise((resolve, reject) => {
    const request = send(
      { agent: false, host: url.hostname, port: url.port, method, path, headers: { ...type, ...headers } },
      (response) => {
        const chunks = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('end', () => resolve(answerOf(base, response, Buffer.concat(chunks).toString())));
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

function answerOf(base, { statusCode, headers }, text) {
  const kept = Object.entries(headers).filter(([name]) => !DROPPED.has(name));
  const { host } = new URL(base);
  const neutral = text
    .replaceAll(host, '{worker}')
    .replace(/"kafka_cluster_id":"[^"]+"/, '"kafka_cluster_id":"{cluster}"')
    .replace(/"last_modified":\d+/g, '"last_modified":1')
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, '{instant}')
    .replace(/@[0-9a-f]{6,8}\b/g, '@{hash}');
  return {
    status: statusCode,
    headers: Object.fromEntries(kept.map(([name, value]) => [name, String(value).replaceAll(host, '{worker}')])),
    ...bodyOf(neutral),
  };
}

function bodyOf(text) {
  if (text === '') return {};
  try {
    return { json: withoutProse(JSON.parse(text)) };
  } catch {
    return { text };
  }
}

/** What keys mean is told in each project's own words; where a stack was is of no interest. */
function withoutProse(value) {
  if (typeof value === 'string') return value.replace(/\n\t(at |\.\.\. \d+ more)[^\n]*/g, '');
  if (Array.isArray(value)) return value.map(withoutProse);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => (key === 'documentation' ? [] : [[key, withoutProse(inner)]])),
  );
}
