/** States of a worker that stands alone: gone when it ends. */
import { type AnyCell, encodeRow, StatusTable } from './status-table';
import type { StatusStore } from './types';

/** @param now ms */
export function createMemoryStatusStore(now: () => number = Date.now): StatusStore {
  const table: StatusTable = new StatusTable((cell: AnyCell) => {
    table.apply(cell.key, encodeRow(cell));
    table.settle(cell);
  }, now);
  return storeOf(table, {
    start: async () => {},
    flush: async () => {},
    stop: async () => {},
  });
}

/** A store whose rows are those of the table. */
export const storeOf = (
  table: StatusTable,
  life: Pick<StatusStore, 'start' | 'flush' | 'stop'>,
): StatusStore => ({
  ...life,
  connector: (name) => table.connector(name),
  task: (id) => table.task(id),
  tasks: (connector) => table.tasks(connector),
  connectors: () => table.connectors(),
  topics: (connector) => table.topics(connector),
  putConnector: (name, row, options) => table.putConnector(name, row, options),
  putTask: (id, row, options) => table.putTask(id, row, options),
  removeConnector: (name) => table.removeConnector(name),
  removeTask: (id) => table.removeTask(id),
  addTopic: (topic, id) => table.addTopic(topic, id),
  removeTopics: (connector) => table.removeTopics(connector),
});
