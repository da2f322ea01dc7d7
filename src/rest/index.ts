export type { Need } from './access';
export { bodyOf } from './body';
export { type ListenOptions, listenRest, type RestListening } from './listen';
export type { Requests } from './requests';
export { createRestServer, type RestOptions } from './server';
export { serveV1, type V1Services } from './v1';
