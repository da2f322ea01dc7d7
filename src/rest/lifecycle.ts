/** Pause, resume, stop, restart. That each answers with a status of its own is how it is (connect.md §10.3). */
import type { FastifyInstance } from 'fastify';
import { sendJson } from '../http';
import type { TargetState } from '../worker';
import type { ByConnector, ByTask } from './connectors';
import { CONNECTORS, flag, of, STATUS } from './operations';
import { originOf } from './origin';
import { queryFlag, type Requests } from './requests';
import { taskIdOf } from './task-id';

export function serveLifecycle(api: FastifyInstance, requests: Requests): void {
  serveTarget(api, requests, { verb: 'pause', target: 'PAUSED', status: 202, summary: 'Pauses; tasks stay' });
  serveTarget(api, requests, { verb: 'resume', target: 'STARTED', status: 202, summary: 'Lets it go on' });
  serveTarget(api, requests, { verb: 'stop', target: 'STOPPED', status: 204, summary: 'Stops; tasks end' });
  serveRestart(api, requests);
  api.post<ByTask>(
    '/connectors/:connector/tasks/:task/restart',
    {
      config: {
        ...of(CONNECTORS, { summary: 'Restarts a task', answers: { 204: 'It restarts', 404: 'Unknown' } }),
        needs: 'operate',
      },
    },
    (request, reply) => {
      const { connector, task } = request.params;
      const work = requests.herder.restartTask({ connector, task: taskIdOf(task) });
      return requests.completeOrForward(request, reply, work, () => reply.code(204).send());
    },
  );
}

interface TargetRoute {
  readonly verb: string;
  readonly target: TargetState;
  readonly status: number;
  readonly summary: string;
}

function serveTarget(api: FastifyInstance, requests: Requests, route: TargetRoute): void {
  const { verb, target, status, summary } = route;
  api.put<ByConnector>(
    `/connectors/:connector/${verb}`,
    {
      config: {
        ...of(CONNECTORS, { summary, answers: { [status]: 'It will be so', 404: 'Unknown' } }),
        needs: 'operate',
      },
    },
    (request, reply) =>
      requests.completeOrForward(
        request,
        reply,
        requests.herder.setTarget(request.params.connector, target, originOf(request)),
        () => reply.code(status).send(),
      ),
  );
}

function serveRestart(api: FastifyInstance, requests: Requests): void {
  api.post<ByConnector>(
    '/connectors/:connector/restart',
    {
      config: {
        ...of(CONNECTORS, {
          summary: 'Restarts a connector, and its tasks when asked',
          query: {
            includeTasks: flag('Tasks too.'),
            onlyFailed: flag('Only what has failed.'),
          },
          answers: {
            202: 'What restarts reads RESTARTING',
            204: 'The connector alone restarts',
            404: 'Unknown',
          },
          result: STATUS,
        }),
        needs: 'operate',
      },
    },
    (request, reply) => {
      const { connector } = request.params;
      const includeTasks = queryFlag(request.query, 'includeTasks');
      const onlyFailed = queryFlag(request.query, 'onlyFailed');
      if (!includeTasks && !onlyFailed) {
        const work = requests.herder.restartConnector(connector);
        return requests.completeOrForward(request, reply, work, () => reply.code(204).send());
      }
      const work = requests.herder.restartConnectorAndTasks(connector, { includeTasks, onlyFailed });
      return requests.completeOrForward(request, reply, work, (status) => sendJson(reply.code(202), status));
    },
  );
}
