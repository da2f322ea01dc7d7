export * from './connector-file';
export * from './document';
export * from './flat-file';
export * from './pipeline-file';
