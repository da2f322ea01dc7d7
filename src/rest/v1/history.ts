/** Who changed the configuration of a connector, when and how; and back to what it was. */
import type { FastifyInstance } from 'fastify';
import { HttpError, sendJson } from '../../http';
import type { Operations } from '../../worker';
import type { ByConnector } from '../connectors';
import { of } from '../operations';
import { authorOf } from '../origin';
import type { Requests } from '../requests';
import { HISTORY_TAG, VERSION, VERSIONS } from './schemas';

interface ByVersion {
  Params: { connector: string; version: string };
}

export function serveHistory(
  api: FastifyInstance,
  requests: Requests,
  { history }: Pick<Operations, 'history'>,
): void {
  api.get<ByConnector>(
    '/connectors/:connector/history',
    {
      config: of(HISTORY_TAG, {
        summary: 'The last 50 versions of its configuration, newest first: who, when, from where, what',
        answers: { 200: 'Versions without their configurations' },
        result: VERSIONS,
      }),
    },
    async (request, reply) => {
      const { connector } = request.params;
      const versions = await requests.complete(history.versions(connector));
      return sendJson(reply, { connector, versions: versions.map(({ config: _, ...version }) => version) });
    },
  );
  api.get<ByVersion>(
    '/connectors/:connector/history/:version',
    {
      config: of(HISTORY_TAG, {
        summary: 'A version with its configuration; secrets are hidden, references are shown',
        answers: { 200: 'The version' },
        result: VERSION,
      }),
    },
    async (request, reply) => {
      const { connector, version } = request.params;
      const found = await requests.complete(history.version(connector, numberOf(version)));
      return sendJson(reply, { connector, ...found });
    },
  );
  api.post<ByVersion>(
    '/connectors/:connector/history/:version/revert',
    {
      config: of(HISTORY_TAG, {
        summary: 'Writes the configuration of a version again, once it is validated',
        answers: { 200: 'The new version', 400: 'It would be wrong now', 404: 'No such version' },
        result: VERSION,
      }),
    },
    (request, reply) => {
      const { connector, version } = request.params;
      const work = history.revert(connector, numberOf(version), authorOf(request));
      return requests.completeOrForward(request, reply, work, (newest) =>
        sendJson(reply, { connector, ...newest }),
      );
    },
  );
}

function numberOf(text: string): number {
  if (/^[1-9]\d{0,9}$/.test(text)) return Number(text);
  throw new HttpError(404, `${text} is no version: versions are numbers from 1`);
}
