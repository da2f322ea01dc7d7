export type { Need } from './access';
export { bodyOf } from './body';
export { type ListenOptions, listenRest, type RestListening } from './listen';
export type { Requests } from './requests';
export { createRestServer, type RestOptions } from './server';
