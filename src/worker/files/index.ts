export * from './connector-file';
export * from './document';
export * from './pipeline-file';
