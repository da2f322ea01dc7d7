/** InitProducerId v1: a producer id for sequences; with a transactional id it also fences older producers of that id. */
import type { ApiRequest } from '../lane';

export interface ProducerIdentity {
  readonly producerId: number;
  readonly epoch: number;
}

export interface InitProducerIdAnswer extends ProducerIdentity {
  readonly throttleMs: number;
  readonly error: number;
}

export const initProducerIdRequest = (
  transactionalId: string | null,
  transactionTimeoutMs: number,
): ApiRequest<InitProducerIdAnswer> => ({
  apiKey: 22,
  apiVersion: 1,
  apiName: 'InitProducerId',
  encode: (writer) => void writer.nullableString(transactionalId).int32(transactionTimeoutMs),
  decode: (reader) => ({
    throttleMs: reader.int32(),
    error: reader.int16(),
    producerId: reader.int64(),
    epoch: reader.int16(),
  }),
});
