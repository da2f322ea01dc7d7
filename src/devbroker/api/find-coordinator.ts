/** FindCoordinator v0 to v2: which node keeps a group or a transactional id. */
import { api } from '../api';
import type { Node } from '../nodes';
import { Code, codeName } from '../refusal';

interface Request {
  readonly key: string;
  readonly type: number;
}

interface Answer {
  readonly error: number;
  readonly message: string;
  readonly node: Pick<Node, 'id' | 'host' | 'port'>;
}

const GROUP = 0;
const TRANSACTION = 1;
const NOBODY = { id: -1, host: '', port: -1 };

export const findCoordinator = api<Request, Answer>({
  key: 10,
  name: 'FindCoordinator',
  versions: [0, 2],
  decode: (reader, version) => ({
    key: reader.string(),
    type: version >= 1 ? reader.int8() : GROUP,
  }),
  places: ({ key, type }) => [type === TRANSACTION ? { transactionalId: key } : { group: key }],
  handle({ key, type }, call) {
    const isTransaction = type === TRANSACTION;
    const place = isTransaction ? { transactionalId: key } : { group: key };
    const fault = call.fault(place);
    if (fault !== Code.NONE) return refused(fault);
    if (type !== GROUP && !isTransaction) return refused(Code.INVALID_REQUEST);
    const node = call.broker.nodes.coordinator(isTransaction ? 'transaction' : 'group', key);
    const late = call.afterwards(place);
    return late === Code.NONE ? { error: late, message: codeName(late), node } : refused(late);
  },
  encode(writer, { error, message, node }, version) {
    if (version >= 1) writer.int32(0);
    writer.int16(error);
    if (version >= 1) writer.nullableString(message);
    writer.int32(node.id).string(node.host).int32(node.port);
  },
});

const refused = (error: number): Answer => ({ error, message: codeName(error), node: NOBODY });
