/** A process whose event loop is held up for longer than its session, with and without somebody who stands in. */
import path from 'node:path';
import { openTestKafka, type TestKafka } from '../support/kafka';
import { repositoryRoot, runProcess, startProcess } from '../support/process';
import { stackAddresses } from '../support/stack';

const SESSION_MS = 6000;
const BUSY_MS = 9000;

/** Joins, is busy for too long, and tells what it was told meanwhile. */
const MEMBER = `
const { createKafka } = require(process.env.KAFKA_ROOM);
const { SILENT } = require(process.env.KERNEL_ROOM);
const kafka = createKafka({ brokers: [process.env.BROKER], clientId: 'test' }, { logger: SILENT });
const told = [];
const member = kafka.group({
  groupId: process.env.GROUP,
  protocolType: 'connect',
  sessionTimeoutMs: ${SESSION_MS},
  lostWhenSilent: true,
  standIn: process.env.STAND_IN === 'yes',
  protocols: () => [{ name: 'p', metadata: Buffer.alloc(0) }],
  assign: async (_protocol, members) => new Map(members.map(({ memberId }) => [memberId, Buffer.alloc(0)])),
  onAssigned: () => void told.push('assigned'),
  onRevoked: (reason) => void told.push(reason),
  onFatal: (error) => void told.push(error.message),
});
member.start();
const whenJoined = setInterval(() => {
  if (told.length === 0) return;
  clearInterval(whenJoined);
  const end = performance.now() + ${BUSY_MS};
  // The stand-in must be there before: it starts as the member does.
  setTimeout(() => {
    while (performance.now() < end);
    setTimeout(() => {
      console.log('told ' + told.join(' '));
      member.stop({ leave: true }).then(() => kafka.close());
    }, 1500);
  }, 500);
}, 10);
`;

let test_: TestKafka;
beforeAll(async () => {
  // Builds what is run here, when that is due.
  await runProcess(path.join(repositoryRoot, 'bin/millrace'), ['--version']);
  test_ = await openTestKafka();
}, 120_000);
afterAll(() => test_[Symbol.asyncDispose]());

async function toldWith(standIn: 'yes' | 'no'): Promise<string> {
  const room = (name: string) => path.join(repositoryRoot, `dist/src/${name}/index.js`);
  await using member = startProcess(process.execPath, ['-e', MEMBER], {
    env: {
      KAFKA_ROOM: room('kafka'),
      KERNEL_ROOM: room('kernel'),
      BROKER: (await stackAddresses()).kafka,
      GROUP: test_.groupName(),
      STAND_IN: standIn,
    },
  });
  const [, told] = await member.waitForOutput(/told (.*)/, { timeoutMs: 25_000 });
  return told!;
}

test('a member whose process is busy for longer than its session stays in its group', async () => {
  const [kept, lost] = await Promise.all([toldWith('yes'), toldWith('no')]);
  expect(kept).toBe('assigned');
  expect(lost).toMatch(/^assigned lost/);
});
