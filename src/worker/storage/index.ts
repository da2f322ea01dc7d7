export { createKafkaConfigStore, type KafkaConfigStoreOptions } from './config-store-kafka';
export { createMemoryConfigStore } from './config-store-memory';
export { createSessionKey, signRequest, verifySignature } from './session-key';
export { createKafkaStatusStore, type KafkaStatusStoreOptions } from './status-store-kafka';
export { createMemoryStatusStore } from './status-store-memory';
export { type StorageKind, type StorageTopic, storageTopic } from './storage-topic';
export * from './types';
