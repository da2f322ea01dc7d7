/** Groups on a dev broker of one's own, whose clock, nodes and faults tests have in their hands. */
import type { DevBrokerOptions } from '../../../src/devbroker';
import { uniqueName } from '../../support/stack';
import type { Target } from '../conformance/harness';
import { openDevBroker, type TestBroker } from '../support';

export interface GroupBroker extends TestBroker {
  /** As the members of the conformance suite want it. */
  readonly target: Target;
}

export async function openGroupBroker(options: DevBrokerOptions = {}): Promise<GroupBroker> {
  const opened = await openDevBroker(options);
  const target: Target = {
    kind: 'dev broker',
    address: opened.broker.addresses[0]!,
    connect: opened.connect,
    topic: async ({ partitions } = {}) => opened.topic(partitions),
    name: (prefix = 'group') => uniqueName(prefix),
  };
  return { ...opened, target };
}
