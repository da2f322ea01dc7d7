/** The thread of `stand-in.ts`: sends heartbeats while the thread of the member is too busy to. */
import { parentPort, workerData } from 'node:worker_threads';
import { NO_METRICS, SILENT } from '../kernel';
import { createCoordinators, mayHaveMoved } from './coordinator';
import { Code } from './errors';
import { createLanes } from './lane';
import { type Seat, SignsOfLife, type StandInData, type StandInMessage } from './stand-in-seat';
import { heartbeatRequest } from './wire/heartbeat';

const { options, signs: buffer } = workerData as StandInData;
const signs = new SignsOfLife(buffer);
const lanes = createLanes(options, SILENT, NO_METRICS);
// Nothing is connected before it is needed.
const lane = lanes.open('stand-in');
const coordinators = createCoordinators(lane, lanes.directory);
let timer: NodeJS.Timeout | undefined;

parentPort!.on('message', (seat: StandInMessage) => {
  clearTimeout(timer);
  if (seat !== null) watch(seat);
});

function watch(seat: Seat): void {
  const mine = setTimeout(() => {
    void keep(seat).then(() => {
      if (timer === mine) watch(seat);
    });
  }, seat.heartbeatMs);
  timer = mine;
}

/** Two heartbeats of its own are missing: the member is busy, or Kafka is away, which this will not mend. */
async function keep(seat: Seat): Promise<void> {
  const { own, both } = signs.silentMs;
  if (both < 2 * seat.heartbeatMs || own > seat.patienceMs) return;
  const sentAt = process.hrtime.bigint();
  try {
    const nodeId = await coordinators.find('group', seat.groupId);
    const request = heartbeatRequest(seat.groupId, seat.identity, seat.sessionTimeoutMs);
    const { error } = await lane.send(nodeId, request);
    // What it means is for the member to find out by itself.
    if (error === Code.NONE || error === Code.REBALANCE_IN_PROGRESS) signs.markOther(sentAt);
    else coordinators.invalidate('group', seat.groupId);
  } catch (error) {
    if (mayHaveMoved(error)) coordinators.invalidate('group', seat.groupId);
  }
}
